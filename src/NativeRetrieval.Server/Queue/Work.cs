using NativeRetrieval.Engine;
using NativeRetrieval.Server.Library;

namespace NativeRetrieval.Server.Queue;

/// <summary>A request's share of a pass: texts to embed, or a question to an index.</summary>
internal abstract class Work(CancellationToken cancellation)
{
    /// <summary>True where nobody waits for the result any more.</summary>
    public bool IsAbandoned => cancellation.IsCancellationRequested;

    public CancellationToken Cancellation => cancellation;

    public abstract void Fail(Exception error);
}

/// <summary>Work that ends with a result.</summary>
internal abstract class Work<T>(CancellationToken cancellation) : Work(cancellation)
{
    readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Result => _result.Task;

    public void Finish(T result) => _result.TrySetResult(result);

    public override void Fail(Exception error) => _result.TrySetException(error);
}

/// <summary>Texts to embed; the result is their unit vectors, [texts, D].</summary>
internal sealed class TextWork(IReadOnlyList<string> texts, CancellationToken cancellation) : Work<float[]>(cancellation)
{
    public IReadOnlyList<string> Texts => texts;
}

/// <summary>A sound to embed, mono at the model's rate; the result is its unit vector, [D].</summary>
internal sealed class SoundWork(float[] samples, double windowSeconds, CancellationToken cancellation) : Work<float[]>(cancellation)
{
    public float[] Samples => samples;

    public double WindowSeconds => windowSeconds;
}

/// <summary>A question to an index.</summary>
internal sealed class SearchWork(ServedIndex index, LibraryQuery query, CancellationToken cancellation) : Work<IndexAnswer>(cancellation)
{
    public ServedIndex Index => index;

    public LibraryQuery Query => query;
}

/// <summary>The answer of an index, with the table that knows its hits' ids.</summary>
internal sealed record IndexAnswer(LibraryAnswer Answer, FileTable Files);
