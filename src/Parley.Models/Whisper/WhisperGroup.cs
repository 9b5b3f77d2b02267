using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>The attempts of a batch that have equally many sequences each: they take their steps as one run of the graph.</summary>
internal sealed class WhisperGroup : IDisposable
{
    private readonly WhisperModel model;
    private readonly KeyValueBuffers cache; // of the members' sequences in order, and one to move with
    private readonly GraphRun step;
    private readonly GraphRun head;
    private readonly bool[] isFilled;
    private readonly int slots;
    private SessionTensor[]? parts;         // keys and values of the members' windows in order, once there are two
    private readonly long[] held;           // which window's keys and values lie in each place
    private readonly List<SessionTensor> views = [];
    private long bound = -1;                // the window, or minus the number of windows, that the step is bound to

    public WhisperGroup(WhisperModel model, int rows, int slots)
    {
        this.model = model;
        this.slots = slots;
        Rows = rows;
        cache = new(model.Decoder.Graph.Cache!, slots * rows + 1, model.Config.TextPositions);
        step = model.Decoder.CreateRun();
        head = model.Head.CreateRun();
        isFilled = new bool[rows];
        held = new long[slots];
    }

    public int Rows { get; }

    public List<WhisperDecoding> Members { get; } = [];

    public bool HasRoom => Members.Count < slots;

    public void Start(WhisperDecoding decoding, WhisperReader reader, CancellationToken cancel)
    {
        int first = Members.Count * Rows;
        Span<float> logits = reader.Prefill(decoding, cache, first, cancel);
        for (int row = 1; row < Rows; row++)
            cache.CopyFrom(cache, first, first + row, decoding.Prompt.Tokens.Length);
        decoding.Take(logits);
        Members.Add(decoding);
        RemoveDone();
    }

    public void Step(CancellationToken cancel)
    {
        if (Members.Count == 0)
            return;
        WhisperConfig c = model.Config;
        int count = Members.Count * Rows;
        step.UseCache(cache, 0, count);
        BindWindows();
        model.PrepareCross(step, Members.Count, Rows);
        Span<float> embeddings = step.Input("embeddings", count, 1, c.Width).Floats;
        for (int i = 0; i < count; i++)
        {
            WhisperDecoding member = Members[i / Rows];
            int written = member.Search.Count;
            model.Embed(member.Search.Last(i % Rows), member.Prompt.Tokens.Length + written - 1, embeddings.Slice(i * c.Width, c.Width));
        }
        step.Run(cancel);
        step.Output("hidden").Floats.CopyTo(head.Input("hidden", count, c.Width).Floats);
        head.Run(cancel);
        Span<float> logits = head.Output("logits").Floats;
        int perMember = Rows * c.VocabularySize;
        for (int i = 0; i < Members.Count; i++)
        {
            Members[i].Take(logits.Slice(i * perMember, perMember));
            if (!Members[i].IsDone)
                Rearrange(i * Rows, Members[i].Search.Sources);
        }
        RemoveDone();
    }

    /// <summary>Takes a member out; the last one gets its place.</summary>
    public void Remove(WhisperDecoding decoding)
    {
        int place = Members.IndexOf(decoding);
        if (place < 0)
            return;
        int last = Members.Count - 1;
        if (place < last)
        {
            for (int row = 0; row < Rows; row++)
                cache.CopyFrom(cache, last * Rows + row, place * Rows + row, cache.Length(last * Rows + row));
            Members[place] = Members[last];
        }
        Members.RemoveAt(last);
        for (int row = 0; row < Rows; row++)
            cache.SetLength(last * Rows + row, 0);
    }

    public void Dispose()
    {
        step.Dispose();
        head.Dispose();
        cache.Dispose();
        views.ForEach(view => view.Dispose());
        foreach (SessionTensor tensor in parts ?? [])
            tensor.Dispose();
    }

    private void RemoveDone()
    {
        for (int i = Members.Count - 1; i >= 0; i--)
        {
            WhisperDecoding member = Members[i];
            if (!member.IsDone)
                continue;
            member.Finish();
            Remove(member);
        }
    }

    /// <summary>Lets each row continue the row that it was chosen from.</summary>
    private void Rearrange(int first, int[] sources)
    {
        isFilled.AsSpan().Clear();
        for (bool goesOn = true; goesOn;)
        {
            goesOn = false;
            for (int row = 0; row < Rows; row++)
            {
                if (isFilled[row] || sources[row] == row || IsNeeded(row, sources))
                    continue;
                Copy(sources[row], row);
                goesOn = true;
            }
        }

        // What is left stands in rings: each row is the source of one other. The spare place breaks them.
        int spare = cache.Slots - 1 - first;
        for (int start = 0; start < Rows; start++)
        {
            if (isFilled[start] || sources[start] == start)
                continue;
            cache.CopyFrom(cache, first + start, first + spare, cache.Length(first + start));
            int row = start;
            for (; sources[row] != start; row = sources[row])
                Copy(sources[row], row);
            Copy(spare, row);
        }

        void Copy(int from, int to)
        {
            cache.CopyFrom(cache, first + from, first + to, cache.Length(first + from));
            isFilled[to] = true;
        }
    }

    private bool IsNeeded(int row, int[] sources)
    {
        for (int other = 0; other < Rows; other++)
        {
            if (other != row && !isFilled[other] && sources[other] == row)
                return true;
        }
        return false;
    }

    /// <summary>One window is used where it lies; several are copied side by side, each once.</summary>
    private void BindWindows()
    {
        int count = Members.Count;
        if (count == 1)
        {
            WhisperSound only = Members[0].Sound;
            if (bound == only.Id)
                return;
            for (int part = 0; part < only.Parts.Length; part++)
                step.Bind(model.Memory[part].Name, only.Parts[part]);
            bound = only.Id;
            return;
        }
        parts ??= WhisperSound.Allocate(model, slots);
        for (int place = 0; place < count; place++)
        {
            WhisperSound sound = Members[place].Sound;
            if (held[place] == sound.Id)
                continue;
            for (int part = 0; part < parts.Length; part++)
                parts[part].CopyRow(place, sound.Parts[part]);
            held[place] = sound.Id;
        }
        if (bound != -count - 1)
            BindTogether(parts, count);
    }

    private void BindTogether(SessionTensor[] all, int count)
    {
        List<SessionTensor> old = [.. views];
        views.Clear();
        for (int part = 0; part < all.Length; part++)
        {
            views.Add(all[part].Rows(0, count));
            step.Bind(model.Memory[part].Name, views[part]);
        }
        old.ForEach(view => view.Dispose());
        bound = -count - 1;
    }
}
