using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NativeRetrieval.PeerProtocol;

/// <summary>
/// The loop of a peer's process: a first line that says whether the peer starts at all, then an answer to each request until there are no
/// more. The clock surrounds the run alone.
/// </summary>
public static class PeerLoop
{
    /// <returns>The exit code: 0, or 1 where the peer does not start.</returns>
    public static int Serve(Func<IPeer> start, TextReader requests, TextWriter answers)
    {
        IPeer peer;
        try
        {
            peer = start();
        }
        // A native library that does not load is a reason to print, not a crash.
        catch (Exception error)
        {
            Write(answers, Failed(error));
            return 1;
        }
        using (peer)
        {
            Write(answers, new(0, PeakMiB(), Name: peer.Name));
            while (requests.ReadLine() is { } line) Write(answers, Answer(peer, line));
        }
        return 0;
    }

    static PeerAnswer Answer(IPeer peer, string line)
    {
        try
        {
            var request = PeerRequest.Parse(line);
            if (request.Inputs is { } inputs) peer.Feed(inputs.Select(PeerInput.Load));
            long start = Stopwatch.GetTimestamp();
            if (request.Open is { } workload) peer.Open(workload, request.Threads);
            else peer.Run();
            double ms = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (request.Output is { } path) File.WriteAllBytes(path, MemoryMarshal.AsBytes(peer.Output().AsSpan()).ToArray());
            return new(ms, PeakMiB());
        }
        // Whatever goes wrong is the answer: the process that asked says it.
        catch (Exception error)
        {
            return Failed(error);
        }
    }

    static PeerAnswer Failed(Exception error)
    {
        while (error.InnerException is { } inner) error = inner;
        return new(0, PeakMiB(), $"{error.GetType().Name}: {error.Message.ReplaceLineEndings(" ")}");
    }

    static void Write(TextWriter answers, PeerAnswer answer)
    {
        answers.WriteLine(answer.ToLine());
        answers.Flush();
    }

    static double PeakMiB()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 / 1048576.0;
    }
}
