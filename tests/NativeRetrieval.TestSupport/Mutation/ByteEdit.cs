namespace NativeRetrieval.TestSupport.Mutation;

/// <summary>One change to a row of things, which may be bytes or instructions: where and what is taken modulo what there is.</summary>
public readonly record struct ByteEdit(ByteEdit.Kinds Kind, int Position, int Length, int Value)
{
    public enum Kinds { Flip, Set, Extreme, Insert, Delete, Repeat, Swap, Truncate }

    static readonly byte[][] _extremes =
    [
        [255, 255, 255, 255], [255, 255, 255, 127], [0, 0, 0, 128], [0, 0, 0, 0], [255, 255, 255, 255, 255, 255, 255, 255],
        [255, 255, 255, 255, 255, 255, 255, 127], [0, 0, 0, 0, 0, 0, 0, 64], [0, 0, 0, 0, 0, 0, 0, 0],
    ];

    /// <summary>An edit that random numbers choose.</summary>
    public static ByteEdit Of(Random random) =>
        new((Kinds)random.Next((int)Kinds.Truncate + 1), random.Next(), random.Next(1, 25), random.Next());

    /// <param name="other">Source of inserted bytes.</param>
    public byte[] Apply(byte[] bytes, byte[] other)
    {
        if (bytes.Length == 0) return bytes;
        int at = Position % bytes.Length, length = Math.Min(Length, bytes.Length - at);
        var copy = bytes.ToArray();
        switch (Kind)
        {
            case Kinds.Flip: copy[at] ^= (byte)(1 << (Value % 8)); return copy;
            case Kinds.Set: copy[at] = (byte)Value; return copy;
            case Kinds.Extreme:
                var extreme = _extremes[Value % _extremes.Length];
                extreme.AsSpan(0, Math.Min(extreme.Length, bytes.Length - at)).CopyTo(copy.AsSpan(at));
                return copy;
            case Kinds.Insert:
                int from = Value % Math.Max(1, other.Length);
                return [.. bytes[..at], .. other.AsSpan(from, Math.Min(Length, other.Length - from)), .. bytes[at..]];
            case Kinds.Delete: return [.. bytes[..at], .. bytes[(at + length)..]];
            case Kinds.Repeat: return [.. bytes[..(at + length)], .. bytes[at..]];
            case Kinds.Swap: (copy[at], copy[Value % copy.Length]) = (copy[Value % copy.Length], copy[at]); return copy;
            default: return bytes[..at];
        }
    }

    public void Apply(List<byte[]> operations)
    {
        if (operations.Count == 0) return;
        int at = Position % operations.Count, other = Value % operations.Count, length = Math.Min(Length, operations.Count - at);
        switch (Kind)
        {
            case Kinds.Flip: operations[at] = new ByteEdit(Kinds.Flip, Value, 1, Length).Apply(operations[at], []); break;
            case Kinds.Set or Kinds.Extreme: operations[at] = PickleOperations.Snippets[Value % PickleOperations.Snippets.Length]; break;
            case Kinds.Insert: operations.Insert(at, PickleOperations.Snippets[Value % PickleOperations.Snippets.Length]); break;
            case Kinds.Delete: operations.RemoveAt(at); break;
            case Kinds.Repeat: operations.InsertRange(at, operations.GetRange(at, length)); break;
            case Kinds.Swap: (operations[at], operations[other]) = (operations[other], operations[at]); break;
            default: operations[at] = operations[other]; break;
        }
    }
}
