using System.Diagnostics;

namespace NativeRetrieval.Hosting.Batching;

/// <summary>A caller's share of a pass; the result is the unit vectors of its items, [items, D].</summary>
internal sealed class PassCall<T>(IReadOnlyList<T> items, CancellationToken cancellation)
{
    readonly TaskCompletionSource<float[]> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<T> Items => items;

    /// <summary>The caller's activity, which the pass is linked to.</summary>
    public ActivityContext Caller { get; } = Activity.Current?.Context ?? default;

    /// <summary>True where nobody waits for the result any more.</summary>
    public bool IsAbandoned => cancellation.IsCancellationRequested;

    public Task<float[]> Result => _result.Task;

    public void Finish(float[] vectors) => _result.TrySetResult(vectors);

    public void Fail(Exception error) => _result.TrySetException(error);
}
