using System.Security.Cryptography;
using System.Text;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Devices;

/// <summary>
/// Work that repeats for equal shapes, such as a training step or a batch of an encoder. On a device that can, work of shapes that come a
/// second time is recorded, and from then on replayed: the device does the same in the same order, and the host queues one thing. On all
/// others the work is simply run. The bits are equal either way.
/// </summary>
/// <remarks>
/// The first run of a shape measures its memory; what its tensors take on the way is shared by all recordings, which therefore take the
/// most that any of them needs, once, beside a copy of each one's inputs and outputs. At most <see cref="MostRecordings"/> are kept: the
/// one that was not used for longest goes. Where shapes come again too rarely for that, recording ends, and is said so. Work is recorded
/// where the device has room for it twice, once as recorded and once as it comes.
/// Ranks record and replay together or not at all: a transport makes ready for recorded collectives by exchanges that all take part in.
/// Each call is therefore preceded by an exchange on the host. The work itself exchanges tensors on the device alone.
/// An instance belongs to one thread at a time.
/// </remarks>
/// <param name="group">The ranks that do the work together, each its part; null: one alone.</param>
public sealed class CapturedWork(Device device, Action<string>? noted = null, IProcessGroup? group = null) : IDisposable
{
    /// <summary>The recordings that are kept.</summary>
    public const int MostRecordings = 16;

    /// <summary>The shapes whose first run is remembered.</summary>
    const int MostShapes = 256;

    /// <summary>Recordings that went before they were used so often were not worth it.</summary>
    const int FewReplays = 4;

    const int MostAttempts = 2;

    /// <summary>Recordings that hold more than one in so many parts of the device's memory go before other work is run.</summary>
    const int LargeShare = 4;

    readonly WorkRecorder? _recorder = device.Recorder;
    readonly Dictionary<string, Entry> _entries = [];
    IDisposable? _memory;
    int[]? _versions;
    long _time;
    int _wasted;
    bool _ended, _hasNoted;

    /// <summary>Memory that the recordings share, in bytes.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>The number of recordings that were made.</summary>
    public long Recordings { get; private set; }

    /// <summary>The number of times that recorded work was run.</summary>
    public long Replays { get; private set; }

    /// <summary>True on a device that can record work and was opened so.</summary>
    public bool CanRecord => _recorder is not null;

    /// <summary>True where work is recorded.</summary>
    public bool IsRecording => CanRecord && !_ended;

    /// <summary>Runs the work, or what was recorded of it.</summary>
    /// <param name="name">
    /// Everything beside the inputs' shapes that decides what the work does, such as the number of a phase of training.
    /// </param>
    /// <param name="inputs">All tensors that change from call to call. They stay the caller's.</param>
    /// <param name="place">
    /// The place that every Philox stream of the work moves with: streams of another call differ from this one's by the difference of
    /// these.
    /// </param>
    /// <param name="state">
    /// The tensors that the work reads or changes beside its inputs and that others may change. Where somebody else has changed one that
    /// the work only reads, all is measured and recorded anew: what was derived from it for the work may lie elsewhere. What the work
    /// changes itself it takes as it finds it.
    /// </param>
    /// <param name="work">
    /// The work: from inputs to outputs. It reads nothing back, takes no host values but <see cref="Tensor.Constant{T}"/>, and leaves
    /// nothing behind but its outputs and what it changes.
    /// </param>
    /// <returns>The outputs, in the caller's scope.</returns>
    public Tensor[] Run(string name, IReadOnlyList<Tensor> inputs, DrawingPlace place, IReadOnlyList<Tensor> state,
        Func<IReadOnlyList<Tensor>, Tensor[]> work)
    {
        if (!IsRecording) return work(inputs);
        var call = new Call($"{name}: {string.Join(", ", inputs.Select(input => $"{input.DType} {input.Shape} {input.Layout}"))}",
            _versions is not null && IsForeign([.. state.Where((tensor, i) => tensor.Version != _versions[i])]),
            MemoryBytes > device.MemoryBytes / LargeShare);
        if (IsShared) call = call.OfAll(group!);
        if (call.Forgets) Clear();
        var outputs = RunShape(call, inputs, place, state, work);
        _versions = [.. state.Select(tensor => tensor.Version)];
        return outputs;
    }

    bool IsShared => group is { WorldSize: > 1 };

    /// <summary>True where some work does not itself change all that others have changed.</summary>
    bool IsForeign(HashSet<Tensor> changed) => changed.Count > 0
        && _entries.Values.Any(entry => !changed.IsSubsetOf(entry.Changes.Select(change => change.Tensor)));

    Tensor[] RunShape(Call call, IReadOnlyList<Tensor> inputs, DrawingPlace place, IReadOnlyList<Tensor> state,
        Func<IReadOnlyList<Tensor>, Tensor[]> work)
    {
        if (!_entries.TryGetValue(call.Key, out var entry))
        {
            if (_entries.Count >= MostShapes) return work(inputs);
            _entries.Add(call.Key, entry = new());
        }
        entry.LastUse = ++_time;
        if (entry.Footprint is not null && (entry.Recording is not null || TryRecord(entry, inputs, place, state, work)))
            return Replay(entry, inputs, place);
        // Work as it comes takes memory of its own, and how much that is the first time nobody knows.
        if (call.HoldsMuch) ReleaseMemory();
        return entry.Footprint is null ? Rehearse(entry, inputs, state, work) : work(inputs);
    }

    /// <summary>Forgets all recordings; what they were of has changed.</summary>
    public void Clear()
    {
        ReleaseMemory();
        _entries.Clear();
    }

    /// <summary>Frees the recordings.</summary>
    public void Dispose() => Clear();

    Tensor[] Rehearse(Entry entry, IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor> state, Func<IReadOnlyList<Tensor>, Tensor[]> work)
    {
        Tensor[] outputs = [];
        int[] before = [.. state.Select(tensor => tensor.Version)];
        entry.Footprint = _recorder!.Rehearse(() => outputs = work(inputs));
        entry.Changes = Changes(state, before);
        entry.OutputForms = Array.ConvertAll(outputs, Form.Of);
        return outputs;
    }

    bool TryRecord(Entry entry, IReadOnlyList<Tensor> inputs, DrawingPlace place, IReadOnlyList<Tensor> state,
        Func<IReadOnlyList<Tensor>, Tensor[]> work)
    {
        if (entry.IsPlain) return false;
        int[] before = [.. state.Select(tensor => tensor.Version)];
        string? problem = null;
        if (!TryMakeRoom(entry)) return false;
        try
        {
            entry.Inputs = [.. inputs.Select(input => Form.Of(input).Make(device))];
            entry.Outputs = Array.ConvertAll(entry.OutputForms, form => form.Make(device));
            entry.Recording = _recorder!.Record(entry.Footprint!.Value, _memory, () =>
            {
                using var scope = TensorScope.Begin();
                foreach (var (output, made) in entry.Outputs.Zip(work(entry.Inputs))) output.CopyFrom(made);
            });
        }
        catch (NativeRetrievalException error) when (error is not DistributedException)
        {
            problem = error.Message;
        }
        if (!Agreed(problem is null))
        {
            entry.Release();
            entry.IsPlain = ++entry.Failures == MostAttempts;
            // Work may have let go of something that was derived for other work: it does so once.
            if (entry.IsPlain)
                Note($"work on {device} cannot be recorded as a CUDA graph and is launched kernel by kernel: "
                    + (problem ?? "another rank failed to record its part"));
            return false;
        }
        Recordings++;
        entry.Place = place;
        // Recording has run nothing: a replay counts the changes, this one's first.
        entry.Changes = Changes(state, before);
        foreach (var (tensor, times, _) in entry.Changes) tensor.Memory.Version -= times;
        return true;
    }

    static Change[] Changes(IReadOnlyList<Tensor> state, int[] before) =>
        [.. state.Select((tensor, i) => new Change(tensor, tensor.Version - before[i], tensor.Memory.Derived))
            .Where(change => change.Times != 0)];

    /// <summary>True where it holds on all ranks.</summary>
    bool Agreed(bool holds)
    {
        if (!IsShared) return holds;
        Span<long> against = [holds ? 0 : 1];
        group!.AllReduce(against);
        return against[0] == 0;
    }

    Tensor[] Replay(Entry entry, IReadOnlyList<Tensor> inputs, DrawingPlace place)
    {
        for (int i = 0; i < inputs.Count; i++) entry.Inputs[i].CopyFrom(inputs[i]);
        entry.Recording!.Launch(place - entry.Place);
        foreach (var (tensor, times, renewed) in entry.Changes)
        {
            tensor.Memory.Version += times;
            if (tensor.Memory.Derived != renewed) tensor.Memory.Derived?.Renew(tensor);
        }
        entry.Replays++;
        Replays++;
        return Array.ConvertAll(entry.Outputs, output => output.Clone());
    }

    /// <summary>
    /// Makes room for one more recording; ends recording where that happens too often for its use. False where there is none.
    /// </summary>
    bool TryMakeRoom(Entry entry)
    {
        long bytes = Math.Max(entry.Footprint!.Value.MemoryBytes, MemoryBytes);
        if (!Agreed(bytes == MemoryBytes))
        {
            long room = device.MemoryBytes - device.LiveBytes - (_recorder!.ReservedBytes - MemoryBytes);
            bool fits = bytes <= room / 2;
            if (!Agreed(fits))
            {
                entry.IsPlain = true;
                Note(fits ? "another rank has no room for CUDA graphs: work is launched kernel by kernel"
                    : $"work on {device} takes {bytes / 1e9:F1} GB of the {room / 1e9:F1} GB that it has left, and is launched kernel by "
                    + "kernel, not as a CUDA graph: that would take the memory once more");
                return false;
            }
            ReleaseMemory();
            _memory = _recorder.Reserve(bytes);
            MemoryBytes = bytes;
        }
        Entry[] recorded = [.. _entries.Values.Where(entry => entry.Recording is not null)];
        if (recorded.Length < MostRecordings) return true;
        var oldest = recorded.MinBy(entry => entry.LastUse)!;
        if (oldest.Replays < FewReplays) _wasted++;
        oldest.Release();
        if (_wasted < MostRecordings) return true;
        _ended = true;
        Clear();
        Note($"batches on {device} are of more than {MostRecordings} shapes in turn: they are launched kernel by kernel from here on, "
            + "not as CUDA graphs; clips cropped to one length have one shape");
        return false;
    }

    /// <summary>Frees recordings and their memory; shapes that come again are recorded again.</summary>
    void ReleaseMemory()
    {
        foreach (var entry in _entries.Values) entry.Release();
        _memory?.Dispose();
        (_memory, MemoryBytes) = (null, 0);
    }

    void Note(string text)
    {
        if (!_hasNoted) noted?.Invoke(text);
        _hasNoted = true;
    }

    /// <summary>Everything that decides about a call.</summary>
    /// <param name="Key">Names what the work does.</param>
    /// <param name="Forgets">True where recordings are of no more use.</param>
    /// <param name="HoldsMuch">True where they hold so much memory that other work might have too little.</param>
    readonly record struct Call(string Key, bool Forgets, bool HoldsMuch)
    {
        /// <summary>The same for all ranks: what one of them does not share none does.</summary>
        public Call OfAll(IProcessGroup group)
        {
            byte[] own = [.. SHA256.HashData(Encoding.UTF8.GetBytes(Key)), Forgets ? (byte)1 : (byte)0, HoldsMuch ? (byte)1 : (byte)0];
            var all = group.Exchange(own);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (byte[] one in all) hash.AppendData(one, 0, SHA256.HashSizeInBytes);
            return new(Convert.ToHexString(hash.GetHashAndReset()), all.Any(one => one[^2] != 0), all.Any(one => one[^1] != 0));
        }
    }

    /// <summary>The work of one combination of shapes, as far as it is known.</summary>
    sealed class Entry
    {
        /// <summary>Null before the first run.</summary>
        public WorkFootprint? Footprint { get; set; }

        public Form[] OutputForms { get; set; } = [];

        public RecordedWork? Recording { get; set; }

        public Tensor[] Inputs { get; set; } = [];

        public Tensor[] Outputs { get; set; } = [];

        public Change[] Changes { get; set; } = [];

        public DrawingPlace Place { get; set; }

        public long LastUse { get; set; }

        public long Replays { get; set; }

        public int Failures { get; set; }

        /// <summary>True where recording failed too often.</summary>
        public bool IsPlain { get; set; }

        public void Release()
        {
            Recording?.Dispose();
            foreach (var tensor in (Tensor[])[.. Inputs, .. Outputs]) tensor.Dispose();
            (Recording, Inputs, Outputs, Replays) = (null, [], [], 0);
        }
    }

    /// <summary>A tensor that work changes in place.</summary>
    /// <param name="Times">The number of changes.</param>
    /// <param name="Renewed">The values derived from it that recorded work renews itself; null: none.</param>
    readonly record struct Change(Tensor Tensor, int Times, DerivedValues? Renewed);

    readonly record struct Form(Shape Shape, DType DType, Layout Layout)
    {
        public static Form Of(Tensor tensor) => new(tensor.Shape, tensor.DType, tensor.Layout);

        public Tensor Make(Device device) => TensorScope.Detach(Tensor.Empty(Shape, device, DType, Layout));
    }
}
