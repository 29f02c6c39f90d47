using System.Runtime.InteropServices;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Core.Tensors;

/// <summary>
/// A dense n-dimensional array on a device. Always without gaps: a view reshapes, or takes whole rows of the first axis.
/// Made inside a <see cref="TensorScope"/>, it is freed with the scope; otherwise by <see cref="Dispose"/>.
/// Host code reads elements by <see cref="ToArray{T}"/> and writes them by <see cref="CopyFrom{T}(ReadOnlySpan{T})"/>; both copy, on
/// any device. Safe for concurrent readers; not while a thread writes.
/// </summary>
public sealed partial class Tensor : IDisposable
{
    Storage _storage;
    readonly long _offset;
    bool _disposed;

    Tensor(Storage storage, long offset, Shape shape, DType dtype, Layout layout)
    {
        (_storage, _offset, Shape, DType, Layout) = (storage, offset, shape, dtype, layout);
        OpenScope.Track(this);
    }

    /// <summary>Sizes of the axes, outermost first.</summary>
    public Shape Shape { get; }

    /// <summary>Type of the elements.</summary>
    public DType DType { get; }

    /// <summary>Order of the elements in memory.</summary>
    public Layout Layout { get; private set; }

    /// <summary>The device whose memory holds the elements.</summary>
    public Device Device => _storage.Device;

    /// <summary>Number of elements, without a blocked layout's padding.</summary>
    public long Count => Shape.Count;

    /// <summary>Number of elements in memory, with a blocked layout's padding.</summary>
    public long StoredCount => StoredElements(Shape, Layout);

    /// <summary>Bytes in memory, with a blocked layout's padding.</summary>
    public long SizeBytes => StoredCount * DType.SizeBytes();

    /// <summary>Asks backward passes for this tensor's <see cref="Gradient"/>. Set on parameters, not on results.</summary>
    public bool RequiresGradient { get; set; }

    /// <summary>∂loss/∂this, summed over the backward passes since it was last cleared; null before the first.</summary>
    public Tensor? Gradient { get; internal set; }

    /// <summary>Forgets the collected <see cref="Gradient"/> and frees it.</summary>
    public void ClearGradient()
    {
        Gradient?.Dispose();
        Gradient = null;
    }

    /// <summary>
    /// Number of in-place changes of this memory, by whatever tensor over it, so that values derived from a parameter's (packed weights)
    /// can be renewed.
    /// </summary>
    public int Version
    {
        get => _storage.Version;
        internal set
        {
            _storage.Version = value;
            Memory.Derived?.Renew(this);
        }
    }

    /// <summary>The recorded operation that made this tensor, null for inputs and parameters.</summary>
    internal TapeNode? Producer { get; set; }

    internal IBackend Backend => Device.Backend;

    internal bool IsExclusive => _storage.IsExclusive;

    /// <summary>The block of memory that the elements lie in, the same for every view.</summary>
    internal Storage Memory => _storage.Whole;

    /// <summary>Uninitialised memory.</summary>
    public static Tensor Empty(Shape shape, Device device, DType dtype = DType.Float32, Layout layout = Layout.Contiguous)
    {
        TensorBudget.Check(shape);
        long size = checked(StoredElements(shape, layout) * dtype.SizeBytes());
        return new Tensor(Storage.Of(device, size), 0, shape, dtype, layout);
    }

    /// <summary>Memory filled with zeros.</summary>
    public static Tensor Zeros(Shape shape, Device device, DType dtype = DType.Float32, Layout layout = Layout.Contiguous)
    {
        var tensor = Empty(shape, device, dtype, layout);
        tensor.Device.Clear(tensor.Address, tensor.SizeBytes);
        return tensor;
    }

    /// <summary>
    /// Contiguous zeros whose memory is taken when they are first touched: for tables that are read from a file, which may keep them.
    /// </summary>
    public static Tensor DeferredZeros(Shape shape, Device device, DType dtype = DType.Float32)
    {
        TensorBudget.Check(shape);
        long size = checked(shape.Count * dtype.SizeBytes());
        return new Tensor(new Storage(new DeferredMemory(device, size)), 0, shape, dtype, Layout.Contiguous);
    }

    /// <summary>A contiguous tensor over memory of its device that somebody else owns and that outlives it.</summary>
    internal static Tensor Over(nint address, Shape shape, Device device, DType dtype) =>
        new(Storage.Foreign(device, address, shape.Count * dtype.SizeBytes()), 0, shape, dtype, Layout.Contiguous);

    /// <summary>Uninitialised memory of the shape, dtype, layout and device of <paramref name="other"/>.</summary>
    public static Tensor EmptyLike(Tensor other) => Empty(other.Shape, other.Device, other.DType, other.Layout);

    /// <summary>Zeros of the shape, dtype, layout and device of <paramref name="other"/>.</summary>
    public static Tensor ZerosLike(Tensor other) => Zeros(other.Shape, other.Device, other.DType, other.Layout);

    /// <summary>A contiguous copy of host values.</summary>
    /// <exception cref="ShapeException">The number of values is not the shape's.</exception>
    public static Tensor From<T>(ReadOnlySpan<T> values, Shape shape, Device device) where T : unmanaged
    {
        if (values.Length != shape.Count)
            throw new ShapeException($"From: a tensor {shape} takes {shape.Count} values, got {values.Length}");
        return new Tensor(Storage.CopyOf(device, MemoryMarshal.AsBytes(values)), 0, shape, DTypeOf<T>(), Layout.Contiguous);
    }

    /// <summary>
    /// A contiguous copy of host values that are the same whenever tensors of these shapes are computed, such as the counts of a full
    /// batch. Equal ones are uploaded once, and work that is recorded (<see cref="CapturedWork"/>) may make them. Not to be written to.
    /// </summary>
    /// <exception cref="ShapeException">The number of values is not the shape's.</exception>
    public static Tensor Constant<T>(ReadOnlySpan<T> values, Shape shape, Device device) where T : unmanaged
    {
        if (values.Length != shape.Count)
            throw new ShapeException($"Constant: a tensor {shape} takes {shape.Count} values, got {values.Length}");
        return new Tensor(device.AllocateConstant(MemoryMarshal.AsBytes(values)), 0, shape, DTypeOf<T>(), Layout.Contiguous);
    }

    /// <inheritdoc cref="From{T}(ReadOnlySpan{T}, Shape, Device)"/>
    public static Tensor From<T>(T[] values, Shape shape, Device device) where T : unmanaged => From<T>(values.AsSpan(), shape, device);

    /// <summary>
    /// Overwrites all elements with host values in row-major order, whatever this tensor's layout is. A view writes to a part of its whole.
    /// </summary>
    /// <typeparam name="T">This tensor's element type.</typeparam>
    /// <exception cref="ShapeException">Type or number of values differ.</exception>
    public void CopyFrom<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        RequireType<T>();
        if (values.Length != Count) throw new ShapeException($"CopyFrom: a tensor {Shape} takes {Count} values, got {values.Length}");
        if (Layout == Layout.Contiguous)
        {
            Device.CopyIn(MemoryMarshal.AsBytes(values), Address);
            Version++;
            return;
        }
        using var plain = RowMajor();
        plain.CopyFrom(values);
        Arrange(plain);
    }

    /// <summary>
    /// A copy of all elements in row-major order, whatever this tensor's layout is. Waits for the device where it works behind the program.
    /// </summary>
    /// <typeparam name="T">This tensor's element type.</typeparam>
    /// <exception cref="ShapeException">The type differs.</exception>
    public T[] ToArray<T>() where T : unmanaged
    {
        RequireType<T>();
        if (Layout != Layout.Contiguous)
        {
            using var plain = Empty(Shape, Device, DType);
            Backend.ToLayout(this, plain);
            return plain.ToArray<T>();
        }
        var values = new T[Count];
        Device.CopyOut(Address, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>
    /// Starts a copy of all elements in row-major order, behind what is queued; contiguous tensors only. The tensor may be freed or
    /// overwritten at once.
    /// </summary>
    /// <typeparam name="T">This tensor's element type.</typeparam>
    /// <exception cref="ShapeException">The type differs, or the tensor is not contiguous.</exception>
    public PendingValues<T> ReadLater<T>() where T : unmanaged
    {
        RequireType<T>();
        RequireContiguous("ReadLater");
        var values = new T[Count];
        return new(values, Device.CopyOutLater(Address, MemoryMarshal.AsBytes(values.AsSpan())));
    }

    /// <summary>The single element of a one-element float tensor, as double.</summary>
    public double Item() => DType == DType.Float64 ? ToArray<double>()[0] : ToArray<float>()[0];

    /// <summary>The same elements under another shape of equal count; memory is shared. Differentiable.</summary>
    public Tensor Reshape(Shape shape)
    {
        RequireContiguous("Reshape");
        if (shape.Count != Count) throw new ShapeException($"Reshape: {Shape} has {Count} elements, {shape} has {shape.Count}");
        var view = Alias(_offset, shape);
        return Tape.Record(view, [this], [], Shape, static ctx => [ctx.OutputGradient.Reshape(ctx.State<Shape>())]);
    }

    /// <summary>
    /// Rows <paramref name="start"/> … <paramref name="start"/> + <paramref name="count"/> − 1 of the first axis; memory is shared.
    /// Differentiable.
    /// </summary>
    public Tensor Rows(int start, int count)
    {
        RequireContiguous("Rows");
        if (Shape.Length == 0 || start < 0 || count < 0 || start > Shape[0] - count)
            throw new ShapeException($"Rows: {start} … {start + count} is outside the first axis of {Shape}");
        long row = Shape[1..].Count;
        var view = Alias(_offset + start * row * DType.SizeBytes(), Shape.WithFirst(count));
        return Tape.Record(view, [this], [], (Shape, start), static ctx =>
        {
            var (shape, start) = ctx.State<(Shape, int)>();
            var dx = Zeros(shape, ctx.OutputGradient.Device, ctx.OutputGradient.DType);
            dx.Rows(start, ctx.OutputGradient.Shape[0]).CopyFrom(ctx.OutputGradient);
            return [dx];
        });
    }

    /// <summary>
    /// Equal parts along the first axis as tensors of their own, each to be changed and disposed without regard to the others; the memory
    /// stays one block, so that <see cref="Op.Concat"/> puts them together again without a copy. Not recorded. This tensor is used no more.
    /// </summary>
    public Tensor[] Split(int count)
    {
        RequireContiguous("Split");
        if (count < 1 || Shape.Length == 0 || Shape[0] % count != 0)
            throw new ShapeException($"Split: the first axis of {Shape} is not cut into {count} equal parts");
        var part = Shape.WithFirst(Shape[0] / count);
        var parts = new Tensor[count];
        for (int i = 0; i < count; i++)
            parts[i] = new(_storage.Part((nint)(_offset + i * part.Count * DType.SizeBytes())), 0, part, DType, Layout.Contiguous);
        return parts;
    }

    /// <summary>The rows of all parts in one view, where they lie one behind the other in one block of memory; else null.</summary>
    internal static Tensor? TryJoin(ReadOnlySpan<Tensor> parts, Shape shape)
    {
        var whole = parts[0].Memory;
        nint next = parts[0].Address;
        foreach (var part in parts)
        {
            if (part.Memory != whole || part.Address != next) return null;
            next += (nint)part.SizeBytes;
        }
        whole.Share();
        return new(whole, parts[0].Address - whole.Address, shape, parts[0].DType, parts[0].Layout);
    }

    /// <summary>Overwrites all elements with those of a tensor of equal shape, dtype, layout and device.</summary>
    public void CopyFrom(Tensor other)
    {
        if (other.Shape != Shape || other.DType != DType || other.Layout != Layout || other.Device != Device)
            throw new ShapeException($"CopyFrom: {Describe()} cannot take {other.Describe()}");
        Device.Copy(other.Address, Address, SizeBytes);
        Version++;
    }

    /// <summary>A copy in memory of its own, without a place on the tape.</summary>
    public Tensor Clone()
    {
        var copy = EmptyLike(this);
        Device.Copy(Address, copy.Address, SizeBytes);
        return copy;
    }

    /// <summary>Dtype, shape, layout and device, for messages.</summary>
    public string Describe() => $"{DType} {Shape}{(Layout == Layout.Contiguous ? "" : " " + Layout)} on {Device}";

    /// <summary>Gives the memory back unless a view, a scope's result or the tape still needs it. May be called again.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Gradient?.Dispose();
        var storage = _storage;
        _storage = storage.Device.Freed; // what was its memory's object may serve other memory
        storage.Release();
    }

    internal nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _storage.Address + (nint)_offset;
        }
    }

    /// <summary>The file that has the elements, and their distance from the first of its tensor; null: they are in memory.</summary>
    internal (FileRows Rows, long OffsetBytes)? InFile =>
        _storage == _storage.Whole && _storage.Deferred?.File is { } rows ? (rows, _offset) : null;

    /// <summary>The elements in memory order; CPU tensors only.</summary>
    internal unsafe Span<T> Span<T>() where T : unmanaged
    {
        RequireType<T>();
        return new Span<T>(Device.HostPointer(Address), checked((int)StoredCount));
    }

    /// <summary>First element in memory; CPU tensors only.</summary>
    internal unsafe T* Pointer<T>() where T : unmanaged
    {
        RequireType<T>();
        return (T*)Device.HostPointer(Address);
    }

    /// <summary>Another handle on the same memory, in no scope and on no tape.</summary>
    internal Tensor Share() => TensorScope.Detach(Alias(_offset, Shape));

    internal static DType DTypeOf<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? DType.Float32
        : typeof(T) == typeof(double) ? DType.Float64
        : typeof(T) == typeof(int) ? DType.Int32
        : typeof(T) == typeof(long) ? DType.Int64
        : typeof(T) == typeof(Half) ? DType.Float16
        : typeof(T) == typeof(short) ? DType.Int16
        : typeof(T) == typeof(sbyte) ? DType.Int8
        : typeof(T) == typeof(byte) ? DType.UInt8
        : typeof(T) == typeof(bool) ? DType.Bool
        : typeof(T) == typeof(BFloat16) ? DType.BFloat16
        : throw new ShapeException($"{typeof(T).Name} is not an element type");

    Tensor Alias(long offset, Shape shape)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _storage.Share();
        return new Tensor(_storage, offset, shape, DType, Layout);
    }

    void RequireType<T>() where T : unmanaged
    {
        if (DTypeOf<T>() != DType) throw new ShapeException($"{Describe()} does not hold {typeof(T).Name}");
    }
}
