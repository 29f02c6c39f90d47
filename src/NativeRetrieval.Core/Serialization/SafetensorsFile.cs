using System.Buffers;
using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>
/// A safetensors file, memory-mapped: 8 bytes of header length (little-endian), a JSON header, then the data of all tensors.
/// Opening checks the whole header and reads no data.
/// </summary>
public sealed unsafe class SafetensorsFile : IDisposable
{
    readonly Dictionary<string, SafetensorsEntry> _byName;
    const int ChunkBytes = 1 << 20;

    readonly FileStream _stream;
    readonly MemoryMappedFile _file;
    readonly MemoryMappedViewAccessor _view;
    readonly FileStatus? _status;
    byte* _start;

    SafetensorsFile(string path, FileStream stream, MemoryMappedFile file, MemoryMappedViewAccessor view, byte* start,
        List<SafetensorsEntry> entries, Dictionary<string, string> metadata)
    {
        (Path, _stream, _file, _view) = (path, stream, file, view);
        _start = start;
        _status = FileStatus.Of(stream.SafeFileHandle, path);
        (Entries, Metadata) = (entries, metadata);
        Names = [.. entries.Select(entry => entry.Name)];
        _byName = entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    /// <summary>The file as the caller named it.</summary>
    public string Path { get; }

    /// <summary>Tensors in the order of their data.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>Names in the order of their data.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The header's <c>__metadata__</c>; empty where it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Maps the file and checks its header.</summary>
    /// <exception cref="CorruptFileException">
    /// The header is damaged, hostile or of another format; the message names tensor and place.
    /// </exception>
    /// <exception cref="FileReadException">There is no such file, or it may not be read.</exception>
    public static SafetensorsFile Open(string path)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("safetensors files are mapped as they are: little-endian machines only");
        var stream = OpenForReading(path);
        MemoryMappedFile? file = null;
        MemoryMappedViewAccessor? view = null;
        try
        {
            long fileBytes = stream.Length;
            int headerBytes = ReadHeaderLength(path, stream, fileBytes);
            file = MemoryMappedFile.CreateFromFile(
                stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            view = file.CreateViewAccessor(0, fileBytes, MemoryMappedFileAccess.Read);
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            var (entries, metadata) = SafetensorsHeader.Parse(
                path, new ReadOnlySpan<byte>(start + SafetensorsHeader.LengthFieldBytes, headerBytes), fileBytes);
            return new SafetensorsFile(path, stream, file, view, start, entries, metadata);
        }
        catch
        {
            view?.Dispose();
            file?.Dispose();
            stream.Dispose();
            throw;
        }
    }

    static FileStream OpenForReading(string path)
    {
        try
        {
            return RegularFile.OpenRead(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, error.Message, error);
        }
    }

    static int ReadHeaderLength(string path, FileStream stream, long fileBytes)
    {
        Span<byte> field = stackalloc byte[SafetensorsHeader.LengthFieldBytes];
        if (fileBytes < field.Length)
            throw new CorruptFileException(path, $"not a safetensors file: {fileBytes} bytes, shorter than the 8-byte header length");
        stream.ReadExactly(field);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(field);
        if (length > SafetensorsHeader.MaxHeaderBytes || (long)length > fileBytes - field.Length)
            throw new CorruptFileException(
                path,
                $"not a safetensors file: the header length at byte 0 is {length}, but {fileBytes - field.Length} bytes follow and "
                    + $"{SafetensorsHeader.MaxHeaderBytes} are the most");
        return (int)length;
    }

    /// <summary>True where the file has a tensor of this name.</summary>
    public bool Contains(string name) => _byName.ContainsKey(name);

    /// <summary>The header's words on one tensor.</summary>
    /// <exception cref="CorruptFileException">The file has no such tensor.</exception>
    public SafetensorsEntry Entry(string name) =>
        _byName.TryGetValue(name, out var entry)
            ? entry
            : throw new CorruptFileException(Path, $"it has no tensor '{name}' among its {Names.Count}");

    /// <summary>A tensor's bytes, in place; valid until <see cref="Dispose"/>. Little-endian, row-major, of the entry's type.</summary>
    /// <exception cref="CorruptFileException">
    /// There is no such tensor, or it is larger than 2 GB, the most that one span covers.
    /// </exception>
    public ReadOnlySpan<byte> Bytes(string name)
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        var entry = Entry(name);
        if (entry.LengthBytes > int.MaxValue)
            throw new CorruptFileException(
                Path, $"tensor '{name}' has {entry.LengthBytes} bytes; {int.MaxValue} are the most that are read at once");
        return new ReadOnlySpan<byte>(_start + entry.OffsetBytes, (int)entry.LengthBytes);
    }

    /// <summary>
    /// A tensor's values as float32, converted from any type: float64 is rounded, bfloat16 and float16 widened, booleans become 0 and
    /// 1.
    /// </summary>
    public float[] ReadFloat32(string name)
    {
        var values = new float[Bytes(name).Length / Entry(name).DType.SizeBytes()];
        CopyTo(name, values);
        return values;
    }

    /// <summary>A tensor's values as float64, converted from any type.</summary>
    public double[] ReadFloat64(string name)
    {
        var values = new double[Bytes(name).Length / Entry(name).DType.SizeBytes()];
        CopyTo(name, values);
        return values;
    }

    /// <summary>A tensor's values as integers; the tensor must be of an integer type or boolean.</summary>
    /// <exception cref="CorruptFileException">The tensor holds floating-point numbers.</exception>
    public long[] ReadInt64(string name)
    {
        var entry = Entry(name);
        if (entry.DType is DType.Float32 or DType.Float64 or DType.Float16 or DType.BFloat16)
            throw new CorruptFileException(Path, $"tensor '{name}' is {SafetensorsDType.NameOf(entry.DType)}; integers were expected");
        var values = new long[Bytes(name).Length / entry.DType.SizeBytes()];
        ElementConversion.Convert<long>(Bytes(name), entry.DType, values);
        return values;
    }

    /// <summary>Converts a tensor's values into <paramref name="destination"/>, which has exactly as many elements.</summary>
    public void CopyTo(string name, Span<float> destination) => ElementConversion.Convert(Bytes(name), Entry(name).DType, destination);

    /// <inheritdoc cref="CopyTo(string, Span{float})"/>
    public void CopyTo(string name, Span<double> destination) => ElementConversion.Convert(Bytes(name), Entry(name).DType, destination);

    /// <summary>
    /// Overwrites a tensor, float32, float64 or int64, with the values of the file's. Values of the same type are read past the mapping,
    /// piece by piece: a large model is in memory once.
    /// </summary>
    /// <param name="destination">A tensor of as many elements, in any layout; the file's are row-major.</param>
    /// <exception cref="CorruptFileException">The file was cut since it was opened, or holds numbers for integers.</exception>
    public void CopyTo(string name, Tensor destination)
    {
        var entry = Entry(name);
        if (entry.ElementCount != destination.Count)
            throw new ShapeException($"CopyTo: '{name}' has {entry.ElementCount} elements, the tensor {destination.Shape} has others");
        if (entry.DType == destination.DType) destination.Overwrite(target => CopyBytes(entry, target));
        else
            switch (destination.DType)
            {
                case DType.Float32: destination.CopyFrom<float>(ReadFloat32(name)); break;
                case DType.Float64: destination.CopyFrom<double>(ReadFloat64(name)); break;
                case DType.Int64: destination.CopyFrom<long>(ReadInt64(name)); break;
                default: throw new ShapeException($"CopyTo: '{name}' goes into float32, float64 or int64, not {destination.DType}");
            }
    }

    void CopyBytes(SafetensorsEntry entry, Tensor destination)
    {
        using var chunk = MemoryPool<byte>.Shared.Rent(ChunkBytes);
        for (long done = 0; done < entry.LengthBytes;)
        {
            var bytes = chunk.Memory.Span[..(int)Math.Min(ChunkBytes, entry.LengthBytes - done)];
            ReadBytes(entry, done, bytes);
            destination.Device.CopyIn(bytes, destination.Address + (nint)done);
            done += bytes.Length;
        }
        destination.Version++;
    }

    /// <summary>Reads a part of a tensor past the mapping, which would keep it in memory.</summary>
    /// <param name="offset">From the tensor's first byte.</param>
    /// <exception cref="CorruptFileException">The file was cut since it was opened.</exception>
    internal void ReadBytes(SafetensorsEntry entry, long offset, Span<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        ReadBytes(_stream.SafeFileHandle, Path, entry, offset, bytes);
    }

    internal static void ReadBytes(SafeFileHandle file, string path, SafetensorsEntry entry, long offset, Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int read = RandomAccess.Read(file, bytes, entry.OffsetBytes + offset);
            if (read == 0) throw new CorruptFileException(path, $"was cut while it was read, in tensor '{entry.Name}'");
            bytes = bytes[read..];
            offset += read;
        }
    }

    /// <summary>
    /// Leaves a tensor's values in the file, of which <c>Op.Embedding</c> reads the rows that it is asked for. Whoever touches them
    /// otherwise has them all in memory. The file may be deleted, touched, or another take its name; where its values are changed in place,
    /// the next use of a changed row is an error.
    /// </summary>
    /// <param name="table">The result of <see cref="Tensor.DeferredZeros"/>, of as many elements.</param>
    /// <returns>
    /// False, and nothing is done, where the values were touched, are of another type than the file's or not for the CPU, or the system
    /// cannot tell whether a file has changed (other systems than Linux).
    /// </returns>
    /// <exception cref="CorruptFileException">The file was changed since it was opened, or has no such tensor.</exception>
    public bool TryLeave(string name, Tensor table)
    {
        var entry = Entry(name);
        if (entry.ElementCount != table.Count)
            throw new ShapeException($"TryLeave: '{name}' has {entry.ElementCount} elements, the tensor {table.Shape} has others");
        if (table.Memory.Deferred is not { } memory || table.Device is not CpuDevice || entry.DType != table.DType
            || entry.LengthBytes != memory.SizeBytes || entry.LengthBytes == 0 || entry.Shape.Length == 0 || _status is not { } status)
            return false;
        var rows = new FileRows(Path, entry, status);
        if (memory.TryLeaveIn(rows)) table.Version++;
        else rows.Dispose();
        return memory.File == rows;
    }

    /// <summary>Ends the mapping; spans of it must not be used any more.</summary>
    public void Dispose()
    {
        if (_start is null) return;
        _start = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
        _stream.Dispose();
    }
}

/// <summary>One tensor of a safetensors file, as its header describes it; checked against the file when it was opened.</summary>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
/// <param name="OffsetBytes">Distance of its data from the beginning of the file.</param>
/// <param name="LengthBytes">Product of the shape times the size of an element.</param>
public sealed record SafetensorsEntry(string Name, DType DType, long[] Shape, long OffsetBytes, long LengthBytes)
{
    /// <summary>Number of elements: the product of the shape.</summary>
    public long ElementCount => LengthBytes / DType.SizeBytes();
}
