namespace NativeRetrieval.Core.Devices;

/// <summary>
/// Recording of a device's work: what one thread queues is kept as a whole and launched again, without the host going through it. While
/// work is recorded nothing runs, nothing may be read and no host values may be uploaded, except by
/// <see cref="Device.AllocateConstant"/>.
/// </summary>
internal abstract class WorkRecorder
{
    /// <summary>Runs work as always and measures what a recording of it needs.</summary>
    public abstract WorkFootprint Rehearse(Action work);

    /// <summary>Bytes that are reserved on the device and not counted among its live ones.</summary>
    public abstract long ReservedBytes { get; }

    /// <summary>
    /// Memory for what recorded work makes on its way. Recordings that never run at the same time share it: no tensor outlives the work.
    /// </summary>
    public abstract IDisposable Reserve(long sizeBytes);

    /// <summary>Records work of a footprint in such memory, which outlives the recording. Nothing has run yet.</summary>
    /// <param name="memory">Null where the work makes no tensor.</param>
    /// <exception cref="Errors.NativeRetrievalException">The work cannot be recorded; the device is as it was before.</exception>
    public abstract RecordedWork Record(WorkFootprint footprint, IDisposable? memory, Action work);
}

/// <summary>The needs of a recording.</summary>
/// <param name="MemoryBytes">Memory for the tensors that the work makes and frees.</param>
/// <param name="ConstantBytes">Memory for the values that it uploads and that never change.</param>
internal readonly record struct WorkFootprint(long MemoryBytes, long ConstantBytes);

/// <summary>Work that was recorded.</summary>
internal abstract class RecordedWork : IDisposable
{
    /// <summary>Queues the work once more.</summary>
    /// <param name="moved">The distance from the place at which the work was recorded.</param>
    public abstract void Launch(DrawingPlace moved);

    public abstract void Dispose();
}
