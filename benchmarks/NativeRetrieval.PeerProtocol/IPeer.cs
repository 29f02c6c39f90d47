namespace NativeRetrieval.PeerProtocol;

/// <summary>An implementation that ours is compared with, one workload at a time.</summary>
public interface IPeer : IDisposable
{
    /// <summary>Name and version.</summary>
    string Name { get; }

    /// <summary>Opens a workload and forgets the one before.</summary>
    /// <param name="workload">The path of a model, or the name of a workload that the peer knows.</param>
    /// <param name="threads">Threads that a run may use.</param>
    void Open(string workload, int threads);

    /// <summary>Takes the inputs of all runs that follow; each is read from its file when it is asked for, one at a time.</summary>
    void Feed(IEnumerable<PeerInput> inputs);

    /// <summary>Runs once; the work is done on return.</summary>
    void Run();

    /// <summary>The values of the last run.</summary>
    float[] Output();
}
