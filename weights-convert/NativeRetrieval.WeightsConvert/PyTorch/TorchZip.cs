using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Pickle;
using NativeRetrieval.WeightsConvert.Zip;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>
/// The format of <c>torch.save</c> since PyTorch 1.6: a zip archive with <c>NAME/data.pkl</c>, a storage in each <c>NAME/data/KEY</c>, and
/// <c>NAME/byteorder</c> since 2.1.
/// </summary>
sealed class TorchZip : IStorageLocator
{
    const int MaxPickleBytes = 1 << 30;
    const int AlwaysAllowedBytes = 1 << 20;

    readonly ZipDirectory _zip;
    readonly string _folder;
    readonly Dictionary<string, StorageData> _opened = [];

    TorchZip(ZipDirectory zip, string folder) => (_zip, _folder) = (zip, folder);

    public static CheckpointFile Open(MappedBytes file)
    {
        var zip = new ZipDirectory(file);
        var pickle = FindPickle(file.Path, zip);
        var self = new TorchZip(zip, pickle.Name[..^"data.pkl".Length]);
        self.CheckByteOrder(file.Path);

        long limit = Math.Min(MaxPickleBytes, 2 * file.Length + AlwaysAllowedBytes);
        if (pickle.LengthBytes > limit)
            throw new CorruptFileException(file.Path, $"entry '{PlainText.Short(pickle.Name)}' is said to hold {pickle.LengthBytes} "
                + $"bytes; {limit} are the most in a file of {file.Length}");
        var types = new TorchTypes(pickle.LengthBytes);
        object? root = null;
        zip.Open(pickle).Use(0, (int)pickle.LengthBytes, "the pickle", types, (bytes, known) =>
            root = PickleMachine.Load(file.Path, bytes, known, offset => $"byte {offset} of '{PlainText.Short(pickle.Name)}'", out _));
        return PickledCheckpoint.Make("PyTorch zip archive", file, root!, types, pickle.LengthBytes, self);
    }

    public StorageData Find(TorchStorage storage, Func<string, CorruptFileException> refuse)
    {
        if (!_opened.TryGetValue(storage.Key, out var data))
        {
            string name = $"{_folder}data/{storage.Key}";
            data = _zip.Open(_zip.Find(name) ?? throw refuse($"its storage '{PlainText.Short(name)}' is missing from the archive"));
            _opened.Add(storage.Key, data);
        }
        long expected = checked(storage.ElementCount * storage.Type.SizeBytes);
        return data.LengthBytes == expected
            ? data
            : throw refuse($"its storage '{PlainText.Short(_folder)}data/{PlainText.Short(storage.Key)}' has {data.LengthBytes} "
                + $"bytes, the pickle says {storage.ElementCount} elements of {storage.Type.Name} ({expected} bytes)");
    }

    static ZipEntry FindPickle(string path, ZipDirectory zip)
    {
        ZipEntry? found = null;
        foreach (var entry in zip.Entries)
        {
            // NAME/data.pkl; deeper ones belong to something else.
            if (entry.Name != "data.pkl"
                && !(entry.Name.EndsWith("/data.pkl", StringComparison.Ordinal)
                && entry.Name.IndexOf('/') == entry.Name.Length - "/data.pkl".Length))
                continue;
            if (found is not null)
                throw new CorruptFileException(path, $"two pickles, '{PlainText.Short(found.Name)}' and "
                    + $"'{PlainText.Short(entry.Name)}'");
            found = entry;
        }
        return found ?? throw new CorruptFileException(path, "a zip archive without data.pkl: not a PyTorch checkpoint");
    }

    void CheckByteOrder(string path)
    {
        if (_zip.Find(_folder + "byteorder") is not { } entry) return;
        if (entry.LengthBytes > 16)
            throw new CorruptFileException(path, $"its byte order has {entry.LengthBytes} bytes; 'little' was expected");
        _zip.Open(entry).Use(0, (int)entry.LengthBytes, "the byte order", path, static (bytes, file) =>
        {
            if (!bytes.SequenceEqual("little"u8))
                throw new CorruptFileException(file,
                    $"its byte order is '{PlainText.Short(System.Text.Encoding.UTF8.GetString(bytes))}', expected 'little'; load and "
                    + "save it once with PyTorch on a little-endian machine");
        });
    }
}
