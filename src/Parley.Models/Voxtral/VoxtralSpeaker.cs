using Parley.Audio;
using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>The whole model from its published folder: texts in any of its languages to sound at 24 kHz.</summary>
public sealed class VoxtralSpeaker : IDisposable
{
    private VoxtralBatch? idle; // its caches take longer to allocate than the first sound

    private VoxtralSpeaker(Voxtral model, VoxtralPrompts prompts)
    {
        Model = model;
        Prompts = prompts;
    }

    public Voxtral Model { get; }

    public VoxtralPrompts Prompts { get; }

    public int SampleRate => Model.SampleRate;

    /// <summary>Opens a folder; graphs are compiled the first time, which takes minutes at full size.</summary>
    /// <param name="path">The folder as published.</param>
    /// <param name="precision">How the large weights are kept.</param>
    /// <param name="cacheFolder">For compiled graphs, where they cannot lie in the folder itself.</param>
    /// <param name="progress">Of a compilation.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="CheckpointException">The folder holds another model, or files are missing or damaged.</exception>
    public static VoxtralSpeaker Open(
        string path, Precision precision, string cacheFolder, IProgress<CompileProgress>? progress = null, CancellationToken cancel = default)
    {
        VoxtralFolder folder = new(path);
        Checkpoint checkpoint = folder.Open();
        try
        {
            VoxtralConfig config = VoxtralConfig.Read(folder.Params);
            VoxtralPrompts prompts = VoxtralPrompts.Read(folder, config);
            return new(Voxtral.Open(config, checkpoint, precision, GraphCache.For(checkpoint, cacheFolder), progress, cancel), prompts);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Speaks a text alone, sentence after sentence, with the same voice. Servers put many utterances into one
    /// <see cref="VoxtralBatch"/> instead.
    /// </summary>
    /// <returns>Runs of samples as they are made; each is the receiver's to keep.</returns>
    public IEnumerable<AudioFrame> Speak(string text, VoxtralVoice voice, VoxtralOptions options, CancellationToken cancel)
    {
        VoxtralBatch batch = Interlocked.Exchange(ref idle, null) ?? Model.CreateBatch(1);
        try
        {
            VoxtralJoints joints = new(SampleRate);
            string[] pieces = [.. VoxtralText.Pieces(text)];
            for (int i = 0; i < pieces.Length; i++)
            {
                VoxtralUtterance utterance = batch.Start(Prompts.Prompt(pieces[i], voice), options with { Seed = options.Seed + i }, cancel);
                try
                {
                    while (utterance.End == VoxtralEnd.None)
                    {
                        batch.Step(cancel);
                        if (!VoxtralChunks.IsDue(utterance, batch.Steps))
                            continue;
                        float[] piece = [];
                        batch.TakeSamples([utterance], (_, samples) => piece = joints.Piece(samples, isEnd: utterance.End != VoxtralEnd.None), cancel);
                        yield return Frame(piece);
                    }
                }
                finally
                {
                    batch.Cancel(utterance);
                }
                if (i < pieces.Length - 1)
                    yield return Frame(joints.Pause());
            }
        }
        finally
        {
            Interlocked.Exchange(ref idle, batch)?.Dispose();
        }
    }

    private AudioFrame Frame(float[] samples) => new(samples, SampleRate);

    public void Dispose()
    {
        idle?.Dispose();
        Model.Dispose();
    }
}
