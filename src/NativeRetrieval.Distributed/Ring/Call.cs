using System.Globalization;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Distributed.Ring;

/// <summary>The facts of a collective, which neighbours compare before they exchange its values.</summary>
/// <param name="Number">The collectives that the rank called before.</param>
/// <param name="Count">Elements, of one rank's part; 0 where lengths may differ.</param>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal readonly record struct Call(long Number, CallKind Kind, DType Type, int Root, long Count)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind}{Details} as collective {Number}");

    string Details => Kind switch
    {
        CallKind.Barrier or CallKind.Exchange => "",
        CallKind.Broadcast => string.Create(CultureInfo.InvariantCulture, $" of {Count} {Type} from rank {Root}"),
        _ => string.Create(CultureInfo.InvariantCulture, $" of {Count} {Type}"),
    };
}

internal enum CallKind : byte
{
    AllReduce,
    AllGather,
    Broadcast,
    AllReduceOnHost,
    Barrier,
    Exchange,
}

/// <summary>The rank before calls another collective than this one.</summary>
internal sealed class CallsDifferException(int previous, Call theirs, int rank, Call own)
    : Exception($"it calls {theirs}, where rank {rank} calls {own}")
{
    public int Previous { get; } = previous;
}
