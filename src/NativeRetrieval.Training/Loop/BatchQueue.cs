using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace NativeRetrieval.Training.Loop;

/// <summary>
/// Batches that are loaded on a thread of their own while the device computes those before: read, cropped, mixed, tokenized and copied to
/// the device. They come in order; at most <see cref="Ahead"/> lie ready, and one more is in hand. What goes wrong with one is thrown
/// where it is asked for, behind those before it.
/// </summary>
internal sealed class BatchQueue<T> : IDisposable where T : class, IDisposable
{
    /// <summary>Batches that wait for the device.</summary>
    public const int Ahead = 2;

    readonly BlockingCollection<T> _ready = new(Ahead);
    readonly CancellationTokenSource _end = new();
    readonly TimeProvider _time;
    readonly Thread _thread;
    Exception? _error;

    /// <param name="first">Number of the first batch.</param>
    /// <param name="end">Number behind the last.</param>
    /// <param name="load">Loads a batch by its number.</param>
    public BatchQueue(int first, int end, Func<int, T> load, TimeProvider time)
    {
        _time = time;
        _thread = new Thread(() => Load(first, end, load)) { IsBackground = true, Name = "batches" };
        _thread.Start();
    }

    /// <summary>The next batch, which the caller disposes.</summary>
    /// <param name="idle">Called before waiting where no batch is ready: it returns once the device has nothing left to do.</param>
    /// <returns>
    /// The batch, and the time that the device waited for it: from the end of its work to the batch's arrival. A host that measures so
    /// needs no events on the device, and the CPU is measured as a GPU is. A GPU's copy of the batch runs beside what it computes.
    /// </returns>
    /// <exception cref="OperationCanceledException">Cancelled while waiting.</exception>
    /// <exception cref="InvalidOperationException">No batch is left.</exception>
    public (T Batch, TimeSpan Waited) Next(Action idle, CancellationToken cancellation)
    {
        if (_ready.TryTake(out var ready)) return (ready, TimeSpan.Zero);
        idle();
        long start = _time.GetTimestamp();
        if (_ready.TryTake(out var next, Timeout.Infinite, cancellation)) return (next, _time.GetElapsedTime(start));
        if (_error is { } error) ExceptionDispatchInfo.Throw(error);
        throw new InvalidOperationException("no batch is left");
    }

    /// <summary>Ends loading and frees what nobody took.</summary>
    public void Dispose()
    {
        _end.Cancel();
        _thread.Join();
        foreach (var batch in _ready) batch.Dispose();
        _ready.Dispose();
        _end.Dispose();
    }

    void Load(int first, int end, Func<int, T> load)
    {
        try
        {
            for (int number = first; number < end && !_end.IsCancellationRequested; number++)
            {
                var batch = load(number);
                try
                {
                    _ready.Add(batch, _end.Token);
                }
                catch
                {
                    batch.Dispose();
                    throw;
                }
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
        }
        catch (Exception error)
        {
            _error = error;
        }
        finally
        {
            _ready.CompleteAdding();
        }
    }
}
