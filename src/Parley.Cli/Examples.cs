namespace Parley.Cli;

/// <summary>What <c>--help</c> shows below the options, by the command as it is typed.</summary>
internal static class Examples
{
    public static string[] Of(string command) => command switch
    {
        "up" => ["parley up", "parley up --port 9000", "parley up --listen 0.0.0.0 --no-auth --legacy-ports"],
        "say" =>
        [
            "parley say \"Good morning.\" -o hello.wav",
            "parley say - --format mp3 -o - < story.txt > story.mp3",
            "parley say \"Guten Morgen.\" --engine espeak --voice de -o hello.wav",
        ],
        "hear" => ["parley hear interview.m4a", "parley hear talk.mp4 --format srt > talk.srt", "arecord -f S16_LE -r 16000 -d 5 | parley hear -"],
        "talk" => ["parley talk question.wav -o answer.wav"],
        "chat" => ["parley chat --engine gguf:models/qwen3-0.6b-q8_0.gguf", "parley chat \"Name three rivers.\" --temperature 0", "parley chat - --system \"Answer in one sentence.\" < question.txt"],
        "voices" => ["parley voices", "parley voices --engine espeak --language de", "parley voices add anna.wav --name anna --consent \"Anna Berg agreed on 3 May 2026.\"", "parley voices delete anna"],
        "voices add" =>
        [
            "parley voices add anna.wav --name anna --consent \"Anna Berg agreed on 3 May 2026.\" --transcript \"Good morning.\"",
            "parley voices add confirmed.json --clips clips --name anna --consent \"Anna Berg agreed on 3 May 2026.\"",
        ],
        "voices extract" => ["parley voices extract --video film.mkv --subtitles film.vtt --output clips --seed anna.wav"],
        "engines" => ["parley engines", "parley engines --json"],
        "config" => ["parley config", "PARLEY__HTTP__PORT=9000 parley config --all", "parley config --reference"],
        "trial" => ["parley trial new voices", "parley trial run voices", "parley trial listen voices", "parley trial verdict voices"],
        "trial verdict" => ["parley trial verdict voices", "parley trial verdict --check trials/voices/run/results.json"],
        "key" or "key add" => ["parley key add laptop --set auth.keys_file=keys.json", "parley key add phone --scope speech --scope read", "parley key list"],
        "parity" => ["parley parity tests/goldens", "parley parity tests/goldens/starter-voice --json"],
        "inspect" => ["parley inspect model.safetensors", "parley inspect model.pth --classes TTS.tts.configs", "parley inspect model.nemo --json"],
        "export" => ["parley export models/voxtral-4b-tts -o onnx --precision q4"],
        "bench" => ["parley bench voxtral --random", "parley bench voxtral --random --precision q8 --batch 1 --batch 4", "parley bench voxtral --random --errors", "parley bench brain --random", "parley bench brain --model qwen3-0.6b-q8_0.gguf --batch 1"],
        "parley" => ["parley up", "parley say \"Good morning.\" -o hello.wav", "parley hear hello.wav"],
        _ => [],
    };
}
