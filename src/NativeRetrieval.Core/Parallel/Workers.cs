namespace NativeRetrieval.Core.Parallel;

/// <summary>
/// Fork and join over all cores, on the threads that run the CPU's operations: work between operations on other threads would compete
/// with these. Callers cut their work into parts by its size, not by the number of threads (<see cref="Devices.CpuDevice.Threads"/>),
/// and let each part write its own output or partial sum: results are then bit-identical for any number of threads. Safe for concurrent
/// callers.
/// </summary>
/// <remarks>
/// The threads live as long as the process. An idle one spins for some tens of microseconds, the gap between two
/// kernels of a model, and then blocks. Parts are handed out one by one, so a thread that the system delays does not
/// hold up the rest. A second caller does not wait for the first: it runs its own parts by itself.
/// </remarks>
public static class Workers
{
    const int SpinsBeforeBlocking = 4000;

    static readonly Lock _callers = new();
    static readonly object _sleep = new();
    static Job? _job;
    static long _jobs;
    static int _sleepers;
    static bool _started;
    [ThreadStatic] static bool t_insideJob;

    /// <summary>Threads that run parts, the caller included.</summary>
    internal static int Count { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("NATIVERETRIEVAL_THREADS"), out int n) && n > 0 ? n : Environment.ProcessorCount;

    /// <summary>True on a thread that runs a part: a call of <see cref="Run"/> there is a loop.</summary>
    internal static bool RunsPart => t_insideJob;

    /// <summary>
    /// Runs <paramref name="body"/> for 0 … parts − 1 and returns when all are done. A nested call runs on its caller.
    /// When a part throws, the parts not yet begun are left out and the exception is thrown here.
    /// <code>
    /// Workers.Run(parts, (x, y), static (s, part) =&gt; Convert(s.x, s.y, part));
    /// </code>
    /// </summary>
    /// <param name="parts">Number of parts; with 0 or less nothing runs.</param>
    /// <param name="state">The values that the parts work on, handed to each: a static body then leaves no object behind.</param>
    /// <param name="body">
    /// The work of one part, called concurrently and in no fixed order. Tensor scopes and tapes are those of the thread that runs the part:
    /// tensors made there belong to no scope of the caller.
    /// </param>
    public static void Run<TState>(int parts, TState state, Action<TState, int> body)
    {
        if (parts <= 1 || Count == 1 || t_insideJob || !_callers.TryEnter())
        {
            for (int part = 0; part < parts; part++) body(state, part);
            return;
        }
        try
        {
            if (!_started) Start();
            var job = Job<TState>.Shared;
            job.Begin(parts, state, body);
            _job = job;
            // The increment is a full fence: a thread about to sleep either sees the job or is counted below.
            Interlocked.Increment(ref _jobs);
            if (Volatile.Read(ref _sleepers) > 0) WakeAll();
            RunParts(job);
            job.Join();
            job.End()?.Throw();
        }
        finally
        {
            _callers.Exit();
        }
    }

    /// <summary>The same for work beside which the object of a body that captures its values is nothing.</summary>
    /// <param name="parts">Number of parts; with 0 or less nothing runs.</param>
    /// <param name="body">The work of one part.</param>
    public static void Run(int parts, Action<int> body) => Run(parts, body, static (body, part) => body(part));

    static void Start()
    {
        for (int i = 1; i < Count; i++)
            new Thread(Serve) { IsBackground = true, Name = $"NativeRetrieval worker {i}" }.UnsafeStart();
        _started = true;
    }

    static void Serve()
    {
        long seen = 0;
        while (true)
        {
            AwaitJob(ref seen);
            RunParts(Volatile.Read(ref _job)!);
        }
    }

    /// <summary>Returns when a job has begun since the last call. It may be over: then it has no part left.</summary>
    static void AwaitJob(ref long seen)
    {
        for (int spin = 0; spin < SpinsBeforeBlocking; spin++)
        {
            if (IsNew(ref seen)) return;
            Thread.SpinWait(1);
        }
        lock (_sleep)
        {
            Interlocked.Increment(ref _sleepers);
            try
            {
                while (!IsNew(ref seen)) Monitor.Wait(_sleep);
            }
            finally
            {
                Interlocked.Decrement(ref _sleepers);
            }
        }
    }

    static bool IsNew(ref long seen)
    {
        long jobs = Volatile.Read(ref _jobs);
        if (jobs == seen) return false;
        seen = jobs;
        return true;
    }

    static void WakeAll()
    {
        lock (_sleep) Monitor.PulseAll(_sleep);
    }

    static void RunParts(Job job)
    {
        t_insideJob = true;
        try
        {
            while (job.TryTakePart(out int part)) job.RunPart(part);
        }
        finally
        {
            t_insideJob = false;
        }
    }
}
