using System.Collections.Concurrent;
using System.Text.Json;

namespace Parley.Engines;

/// <summary>
/// Voices that were brought here, one folder each: its recordings and <c>voice.json</c>. A voice is never changed once it is there, appears
/// and goes in one step, and is seen at once by every program that has the library open.
/// </summary>
/// <param name="folder">Made when the first voice comes.</param>
/// <param name="time">Clock of the dates.</param>
public sealed class VoiceLibrary(string folder, TimeProvider? time = null)
{
    public const int MostVoices = 1000;

    private const string Metadata = "voice.json", Coming = ".new-", Going = ".gone-", LockFile = ".lock";
    private const int MaxMetadataBytes = 1 << 20;

    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly ConcurrentDictionary<string, LibraryVoice> known = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    public string Folder { get; } = Path.GetFullPath(folder);

    /// <summary>All voices by name; what cannot be read is left out.</summary>
    public IReadOnlyList<LibraryVoice> List() => [.. Read(problems: null)];

    /// <summary>What in the folder cannot be read, and why.</summary>
    public IReadOnlyList<string> Problems()
    {
        List<string> problems = [];
        _ = Read(problems).Count();
        return problems;
    }

    /// <param name="nameOrId">A name, in any case, or an id.</param>
    public LibraryVoice? Find(string nameOrId)
    {
        if (!Directory.Exists(Folder))
            return null;
        string name = nameOrId.Trim();
        return LibraryVoiceId.Is(name) ? Read(name, problems: null)
            : List().FirstOrDefault(voice => voice.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Takes a voice. It is whole on the disk when this returns, and not there at all before.</summary>
    /// <param name="voice">What it is to be called, and why it may be used.</param>
    /// <param name="recordings">At least one, best first.</param>
    /// <exception cref="ArgumentException">The name is none, or belongs to another kind of voice; the language is none.</exception>
    /// <exception cref="VoiceExistsException">There is a voice of this name.</exception>
    /// <exception cref="VoiceLibraryException">The library is full, or another program writes to it.</exception>
    public LibraryVoice Add(NewVoice voice, IReadOnlyList<ReferenceRecording> recordings)
    {
        ArgumentOutOfRangeException.ThrowIfZero(recordings.Count);
        string name = VoiceText.Name(voice.Name);
        if (voice.Reserved.Contains(name, StringComparer.OrdinalIgnoreCase) || OpenAiVoices.Names.Contains(name))
            throw new ArgumentException($"'{name}' is the name of a voice that an engine has, or that clients mean by OpenAI's names. Choose another.", nameof(voice));
        lock (gate)
        {
            using FileStream held = Hold();
            IReadOnlyList<LibraryVoice> there = List();
            LibraryVoice[] same = [.. there.Where(other => other.Name.Equals(name, StringComparison.OrdinalIgnoreCase))];
            if (same.Length > 0 && !voice.Overwrite)
                throw new VoiceExistsException(name);
            if (there.Count - same.Length >= MostVoices)
                throw new VoiceLibraryException($"The library holds {there.Count} voices, and {MostVoices} are the most. Delete one first.");
            LibraryVoice added = new()
            {
                Id = LibraryVoiceId.Fresh(),
                Name = name,
                Language = VoiceText.Language(voice.Language),
                Description = VoiceText.Plain(voice.Description, ReferenceRecording.MaxTranscript),
                Consent = voice.Consent,
                Source = voice.Source,
                CreatedUtc = time.GetUtcNow(),
                References = [.. recordings.Select((recording, i) => recording.Facts with { File = FormattableString.Invariant($"sample_{i + 1}.wav") })],
            };
            Write(added, recordings);
            foreach (LibraryVoice replaced in same)
                Remove(replaced.Id);
            return added;
        }
    }

    /// <summary>Takes a voice out with everything that belongs to it.</summary>
    /// <returns>What it was; <see langword="null"/> if there is none of this name or id.</returns>
    /// <exception cref="VoiceLibraryException">Another program writes to the library.</exception>
    public LibraryVoice? Delete(string nameOrId)
    {
        lock (gate)
        {
            if (Find(nameOrId) is not { } voice)
                return null;
            using FileStream held = Hold();
            Remove(voice.Id);
            return voice;
        }
    }

    /// <summary>The path of a recording.</summary>
    public string PathOf(LibraryVoice voice, VoiceReference reference) => Path.Combine(Folder, voice.Id, reference.File);

    /// <summary>An engine that knows the voices of the library too, if it can speak with a recorded voice at all.</summary>
    public EngineRegistration Serve(EngineRegistration engine) => engine.Description.Reference is null ? engine
        : engine with { Open = async cancel => new LibraryVoiceClient((Microsoft.Extensions.AI.ITextToSpeechClient)await engine.Open(cancel), engine.Description, this) };

    private IEnumerable<LibraryVoice> Read(List<string>? problems) => !Directory.Exists(Folder) ? []
        // Of two with one name (a crash between the coming of one and the going of the other) the newer counts.
        : Directory.EnumerateDirectories(Folder).Select(path => Path.GetFileName(path)).Where(LibraryVoiceId.Is).Select(id => Read(id, problems)).OfType<LibraryVoice>()
            .OrderByDescending(voice => voice.CreatedUtc).DistinctBy(voice => voice.Name.ToUpperInvariant()).OrderBy(voice => voice.Name, StringComparer.Ordinal);

    private LibraryVoice? Read(string id, List<string>? problems)
    {
        string path = Path.Combine(Folder, id, Metadata);
        if (known.TryGetValue(id, out LibraryVoice? voice))
        {
            if (File.Exists(path))
                return voice;
            known.TryRemove(id, out _);
            return null;
        }
        try
        {
            FileInfo file = new(path);
            if (!file.Exists || file.LinkTarget is not null || file.Length > MaxMetadataBytes)
                throw new JsonException(file.Exists ? "it is a link, or larger than any metadata" : "it is missing");
            voice = JsonSerializer.Deserialize(File.ReadAllBytes(path), LibraryJson.Default.LibraryVoice) ?? throw new JsonException("it is empty");
            if (voice.Id != id || voice.References.Count == 0 || voice.References.Any(reference => Path.GetFileName(reference.File) != reference.File || !reference.File.EndsWith(".wav", StringComparison.Ordinal)))
                throw new JsonException("it names another voice, no recording, or files elsewhere");
            return known[id] = voice;
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            problems?.Add($"{path} cannot be read: {fault.Message}. Mend it, or delete its folder.");
            return null;
        }
    }

    private void Write(LibraryVoice voice, IReadOnlyList<ReferenceRecording> recordings)
    {
        string coming = Path.Combine(Folder, Coming + voice.Id);
        Directory.CreateDirectory(coming);
        try
        {
            foreach ((VoiceReference reference, ReferenceRecording recording) in voice.References.Zip(recordings))
                WriteFile(Path.Combine(coming, reference.File), recording.Wav);
            WriteFile(Path.Combine(coming, Metadata), JsonSerializer.SerializeToUtf8Bytes(voice, LibraryJson.Default.LibraryVoice));
            PosixFolder.Flush(coming);
            Directory.Move(coming, Path.Combine(Folder, voice.Id));
        }
        catch
        {
            if (Directory.Exists(coming))
                Directory.Delete(coming, recursive: true);
            throw;
        }
        PosixFolder.Flush(Folder);
    }

    private static void WriteFile(string path, byte[] bytes)
    {
        FileStreamOptions create = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite; // somebody's voice is nobody else's business
        using FileStream file = new(path, create);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Gone in one step, and then erased; a crash in between is made good by the next change.</summary>
    private void Remove(string id)
    {
        string going = Path.Combine(Folder, Going + id);
        Directory.Move(Path.Combine(Folder, id), going);
        known.TryRemove(id, out _);
        PosixFolder.Flush(Folder);
        Directory.Delete(going, recursive: true);
        PosixFolder.Flush(Folder);
    }

    /// <summary>Keeps other programs from changing the library, and clears what a crash has left.</summary>
    private FileStream Hold()
    {
        FileStream held;
        try
        {
            Directory.CreateDirectory(Folder);
            held = new FileStream(Path.Combine(Folder, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception busy) when (busy is IOException or UnauthorizedAccessException)
        {
            throw new VoiceLibraryException($"The voice library {Folder} cannot be changed now: {busy.Message} Try again.", busy);
        }
        foreach (string leftover in Directory.EnumerateDirectories(Folder, ".*").Where(path => Path.GetFileName(path) is var name && (name.StartsWith(Coming, StringComparison.Ordinal) || name.StartsWith(Going, StringComparison.Ordinal))))
            Directory.Delete(leftover, recursive: true);
        return held;
    }
}

/// <summary>A voice that is to be taken into the library.</summary>
/// <param name="Name">Any that <see cref="VoiceText.Name"/> takes.</param>
/// <param name="Consent">Why it may be used.</param>
/// <param name="Source"><c>upload</c>, <c>file</c> or <c>clip</c>.</param>
public sealed record NewVoice(string Name, VoiceConsent Consent, string Source)
{
    /// <summary>BCP 47 tag.</summary>
    public string? Language { get; init; }

    public string? Description { get; init; }

    /// <summary>Names that belong to the engines' own voices.</summary>
    public IReadOnlyCollection<string> Reserved { get; init; } = [];

    /// <summary>True to put it in the place of one that has the name.</summary>
    public bool Overwrite { get; init; }
}

/// <summary>The library has a voice of this name.</summary>
public sealed class VoiceExistsException(string name) : Exception($"There is a voice '{name}' already. Delete it first, choose another name, or overwrite it.");

/// <summary>The library cannot take a change now.</summary>
public sealed class VoiceLibraryException(string message, Exception? inner = null) : Exception(message, inner);
