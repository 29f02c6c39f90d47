using NativeRetrieval.Distributed.Watching;

namespace NativeRetrieval.Distributed.Joining;

/// <summary>A rank's first words to rank 0.</summary>
/// <param name="Proof">Shows that the sender has the job's key.</param>
/// <param name="Challenge">Random bytes by which rank 0 shows the same.</param>
/// <param name="LinkPort">The port at which the rank before waits for this one's connection.</param>
internal sealed record Hello(byte[] Proof, byte[] Challenge, Member Member, int WorldSize, int LinkPort, Dictionary<string, string> Facts);

/// <summary>Rank 0's answer.</summary>
/// <param name="Proof">Shows that rank 0 has the job's key, too.</param>
internal sealed record Welcome(byte[] Proof, Member Member);

/// <summary>The addresses of all ranks, by rank; null for one on rank 0's machine, which is reached where rank 0 is.</summary>
/// <param name="Session">Random bytes that connections between other ranks begin with.</param>
internal sealed record Roster(byte[] Session, Place[] Places);

/// <summary>A rank and the address at which it waits for the rank before it.</summary>
internal sealed record Place(Member Member, string? Address, int LinkPort);

/// <summary>The first words on a connection of the ring.</summary>
internal sealed record LinkHello(int Rank, byte[] Proof);
