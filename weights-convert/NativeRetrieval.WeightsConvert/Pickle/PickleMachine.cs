using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>
/// Reads one pickle as data. A pickle is a program for a stack machine whose instructions may name Python functions to be called; here
/// a few of these names stand for tensors and plain containers, classes that are not known stay opaque, and everything else is refused.
/// Nothing is recursive, and memory is bounded by a multiple of the pickle's length.
/// </summary>
ref partial struct PickleMachine
{
    readonly IPickleTypes _types;
    readonly List<object> _stack = [];
    readonly List<int> _marks = [];
    readonly PickleMemo _memo = new();
    PickleReader _reader;
    int _opcodeAt;

    PickleMachine(ReadOnlySpan<byte> bytes, IPickleTypes types)
    {
        _reader = new PickleReader(bytes);
        _types = types;
    }

    /// <summary>The value that a pickle describes.</summary>
    /// <param name="bytes">The pickle; more may follow it.</param>
    /// <param name="types">Meanings of the names in it.</param>
    /// <param name="where">Turns an offset in <paramref name="bytes"/> into a place for the message.</param>
    /// <param name="length">Number of bytes of the pickle.</param>
    /// <exception cref="CorruptFileException">The pickle is damaged or asks for something that data does not need.</exception>
    public static object Load(string path, ReadOnlySpan<byte> bytes, IPickleTypes types, Func<int, string> where, out int length)
    {
        var machine = new PickleMachine(bytes, types);
        try
        {
            object value = machine.Run();
            length = machine._reader.Position;
            return value;
        }
        catch (PickleError error)
        {
            throw new CorruptFileException(path, $"{where(machine._opcodeAt)}: {error.Message}", error);
        }
    }

    object Run()
    {
        while (!_reader.AtEnd)
        {
            _opcodeAt = _reader.Position;
            var opcode = (Opcode)_reader.Byte();
            if (opcode == Opcode.Stop) return Pop();
            Execute(opcode);
        }
        _opcodeAt = _reader.Position;
        throw new PickleError("the pickle ends without its STOP instruction");
    }

    void Execute(Opcode opcode)
    {
        switch (opcode)
        {
            case Opcode.Protocol: CheckProtocol(_reader.Byte()); break;
            case Opcode.Frame: CheckFrame(_reader.Length64()); break;

            case Opcode.None: Push(PickleNone.Value); break;
            case Opcode.True: Push(Scalars.True); break;
            case Opcode.False: Push(Scalars.False); break;
            case Opcode.Int: Push(_reader.DecimalLine(booleans: true)); break;
            case Opcode.Long: Push(_reader.DecimalLine(booleans: false)); break;
            case Opcode.BinInt: Push(Scalars.Integer(_reader.Int32())); break;
            case Opcode.BinInt1: Push(Scalars.Integer(_reader.Byte())); break;
            case Opcode.BinInt2: Push(Scalars.Integer(_reader.UInt16())); break;
            case Opcode.Long1: Push(_reader.Integer(_reader.Byte())); break;
            case Opcode.Long4: Push(_reader.Integer(_reader.Int32())); break;
            case Opcode.Float: Push(_reader.FloatLine()); break;
            case Opcode.BinFloat: Push(_reader.Float64()); break;

            case Opcode.String: Push(_reader.QuotedLine()); break;
            case Opcode.Unicode: Push(_reader.TextLine()); break;
            case Opcode.BinString: Push(_reader.Text(_reader.Int32())); break;
            case Opcode.ShortBinString: Push(_reader.Text(_reader.Byte())); break;
            case Opcode.ShortBinUnicode: Push(_reader.Text(_reader.Byte())); break;
            case Opcode.BinUnicode: Push(_reader.Text(_reader.UInt32())); break;
            case Opcode.BinUnicode8: Push(_reader.Text(_reader.Length64())); break;
            case Opcode.ShortBinBytes: Push(_reader.Bytes(_reader.Byte()).ToArray()); break;
            case Opcode.BinBytes: Push(_reader.Bytes(_reader.UInt32()).ToArray()); break;
            case Opcode.BinBytes8 or Opcode.ByteArray8: Push(_reader.Bytes(_reader.Length64()).ToArray()); break;

            case Opcode.Mark: _marks.Add(_stack.Count); break;
            case Opcode.Pop: PopOrUnmark(); break;
            case Opcode.PopMark: Drop(PopMark()); break;
            case Opcode.Dup: Push(Peek()); break;

            case Opcode.EmptyTuple: Push(PickleList.EmptyTuple); break;
            case Opcode.Tuple: Push(Collect(PickleList.Kinds.Tuple)); break;
            case Opcode.Tuple1: PushTuple(1); break;
            case Opcode.Tuple2: PushTuple(2); break;
            case Opcode.Tuple3: PushTuple(3); break;
            case Opcode.EmptyList: Push(new PickleList(PickleList.Kinds.List)); break;
            case Opcode.List: Push(Collect(PickleList.Kinds.List)); break;
            case Opcode.Append: Append(_stack.Count - 1, PickleList.Kinds.List); break;
            case Opcode.Appends: Append(PopMark(), PickleList.Kinds.List); break;
            case Opcode.EmptySet: Push(new PickleList(PickleList.Kinds.Set)); break;
            case Opcode.FrozenSet: Push(Collect(PickleList.Kinds.Set)); break;
            case Opcode.AddItems: Append(PopMark(), PickleList.Kinds.Set); break;
            case Opcode.EmptyDict: Push(new PickleDict()); break;
            case Opcode.Dict: CollectDict(); break;
            case Opcode.SetItem: SetItems(_stack.Count - 2); break;
            case Opcode.SetItems: SetItems(PopMark()); break;

            case Opcode.Put: _memo.Put(MemoIndex(_reader.DecimalLine(booleans: false)), Peek()); break;
            case Opcode.BinPut: _memo.Put(_reader.Byte(), Peek()); break;
            case Opcode.LongBinPut: _memo.Put(_reader.UInt32(), Peek()); break;
            case Opcode.Memoize: _memo.Put(_memo.Count, Peek()); break;
            case Opcode.Get: Push(_memo.Get(MemoIndex(_reader.DecimalLine(booleans: false)))); break;
            case Opcode.BinGet: Push(_memo.Get(_reader.Byte())); break;
            case Opcode.LongBinGet: Push(_memo.Get(_reader.UInt32())); break;

            case Opcode.Global: Push(new PickleGlobal(_reader.TextLine(), _reader.TextLine())); break;
            case Opcode.StackGlobal: StackGlobal(); break;
            case Opcode.Reduce: Reduce(); break;
            case Opcode.NewObj: NewObject(Pop()); break;
            case Opcode.NewObjEx: NewObjectWithKeywords(); break;
            case Opcode.Inst: Instance(new PickleGlobal(_reader.TextLine(), _reader.TextLine())); break;
            case Opcode.Obj: Instance(null); break;
            case Opcode.Build: Build(); break;
            case Opcode.BinPersistentId: Push(_types.Persistent(Pop())); break;

            case Opcode.PersistentId or Opcode.NextBuffer or Opcode.ReadonlyBuffer
                or Opcode.Extension1 or Opcode.Extension2 or Opcode.Extension4:
                throw new PickleError($"instruction {opcode} refers to something outside the file");
            default: throw new PickleError($"0x{(byte)opcode:X2} is no instruction of a pickle");
        }
    }

    static void CheckProtocol(byte protocol)
    {
        if (protocol > 5) throw new PickleError($"pickle protocol {protocol}; 5 is the newest that is known");
    }

    readonly void CheckFrame(long bytes)
    {
        if (bytes < 0) throw new PickleError($"a frame of {bytes} bytes");
    }

    static long MemoIndex(object index) => index is long and >= 0 ? (long)index : throw new PickleError("a memo index that is none");
}

/// <summary>A problem of a pickle; the machine adds file and place and turns it into a <see cref="CorruptFileException"/>.</summary>
sealed class PickleError(string problem) : Exception(problem);
