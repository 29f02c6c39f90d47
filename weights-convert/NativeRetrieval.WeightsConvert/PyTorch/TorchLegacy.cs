using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Pickle;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>
/// The format of <c>torch.save</c> before PyTorch 1.6: five pickles (magic number, protocol, machine, the value, keys of the storages),
/// then for each key 8 bytes with the number of elements and the elements.
/// </summary>
sealed class TorchLegacy : IStorageLocator
{
    const int CountBytes = 8;
    const long Protocol = 1001;

    static readonly BigInteger _magic = BigInteger.Parse("1950A86A20F9469CFC6C", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    readonly MappedBytes _file;
    readonly Dictionary<string, (TorchStorage Said, StorageData Data)> _storages = [];
    int _position;

    TorchLegacy(MappedBytes file) => _file = file;

    public static CheckpointFile Open(MappedBytes file)
    {
        var self = new TorchLegacy(file);
        var types = new TorchTypes(file.Length);
        object root;
        PickleList keys;
        using (var window = file.Map(0, Math.Min(file.Length, int.MaxValue)))
        {
            var bytes = window.Span;
            self.CheckMagic(bytes, types);
            self.CheckMachine(bytes, types);
            root = self.Load(bytes, types);
            keys = self.Load(bytes, types) as PickleList ?? throw self.Refuse("the list of storages is missing");
        }
        self.LocateStorages(keys, types);
        return PickledCheckpoint.Make("PyTorch legacy file", file, root, types, self._position, self);
    }

    public StorageData Find(TorchStorage storage, Func<string, CorruptFileException> refuse)
    {
        if (!_storages.TryGetValue(storage.Key, out var found))
            throw refuse($"its storage '{PlainText.Short(storage.Key)}' is missing from the file of {_file.Length} bytes");
        if (found.Said.Type != storage.Type || found.Said.ElementCount != storage.ElementCount)
            throw refuse($"its storage '{PlainText.Short(storage.Key)}' is described in two ways");
        long expected = checked(storage.ElementCount * storage.Type.SizeBytes);
        return found.Data.LengthBytes == expected
            ? found.Data
            : throw refuse($"its storage '{PlainText.Short(storage.Key)}' has {expected} bytes, of which the file, cut short at byte "
                + $"{_file.Length}, holds {found.Data.LengthBytes}");
    }

    void CheckMagic(ReadOnlySpan<byte> bytes, TorchTypes types)
    {
        if (!(Load(bytes, types) is BigInteger magic && magic == _magic))
            throw new CorruptFileException(_file.Path, "a Python pickle, but not one that torch.save wrote; load it with Python and save "
                + "its state_dict with torch.save");
        if (Load(bytes, types) is not Protocol) throw Refuse($"the format's version is not {Protocol}");
    }

    void CheckMachine(ReadOnlySpan<byte> bytes, TorchTypes types)
    {
        if (Load(bytes, types) is not PickleDict machine) throw Refuse("the description of the machine is missing");
        if (machine.Find("little_endian") is not true)
            throw Refuse("it was written on a big-endian machine; load and save it once with PyTorch on a little-endian one");
    }

    object Load(ReadOnlySpan<byte> bytes, TorchTypes types)
    {
        int start = _position;
        object value = PickleMachine.Load(_file.Path, bytes[start..], types, offset => $"byte {start + offset}", out int length);
        _position += length;
        return value;
    }

    void LocateStorages(PickleList keys, TorchTypes types)
    {
        long at = _position;
        Span<byte> field = stackalloc byte[CountBytes];
        for (int i = 0; i < keys.Count; i++)
        {
            if (TorchStorage.KeyOf(keys[i]) is not { } key || !types.Storages.TryGetValue(key, out var storage))
                throw Refuse($"storage {i + 1} of {keys.Count} is used by no tensor, so its size is not known");
            // The file is cut short: tensors without their bytes report it.
            if (_file.Length - at < CountBytes) return;
            using (var window = _file.Map(at, CountBytes)) window.Span.CopyTo(field);
            long count = BinaryPrimitives.ReadInt64LittleEndian(field);
            if (count != storage.ElementCount)
                throw new CorruptFileException(_file.Path, $"byte {at}: storage '{PlainText.Short(key)}' has {count} elements, the "
                    + $"pickle says {storage.ElementCount}");
            at += CountBytes;
            long length = count > _file.Length / storage.Type.SizeBytes ? long.MaxValue : count * storage.Type.SizeBytes;
            long present = Math.Min(length, _file.Length - at);
            if (!_storages.TryAdd(key, (storage, new FileStorage(_file, at, present))))
                throw new CorruptFileException(_file.Path, $"byte {at}: storage '{PlainText.Short(key)}' appears twice");
            at += present;
        }
        if (at < _file.Length) throw new CorruptFileException(_file.Path, $"byte {at}: {_file.Length - at} bytes follow the last storage");
    }

    CorruptFileException Refuse(string problem) => new(_file.Path, $"byte {_position}: {problem}");
}
