using System.Runtime.InteropServices;
using NativeRetrieval.PeerProtocol;

namespace NativeRetrieval.Benchmarks.Tests.Peers;

/// <summary>The line protocol with a peer that sums its inputs.</summary>
public sealed class PeerLoopTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("nativeretrieval-peer").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_run_takes_tensors_and_gives_values()
    {
        string output = Path.Combine(_folder, "output");
        var saved = PeerInput.Save([PeerInput.Of("a", [1f, 2f, 4f], 3), PeerInput.Of("b", [8L, 16L], 1, 2)],
            Path.Combine(_folder, "inputs"));
        Assert.Equal([0, 12], saved.Select(tensor => tensor.Offset));
        var answers = Serve(() => new Sum(),
            new PeerRequest(Open: "sum", Threads: 3), new PeerRequest(Inputs: saved, Output: output), new PeerRequest());
        Assert.Equal("sum of 3 threads", answers[0].Name);
        Assert.All(answers, answer => Assert.Null(answer.Error));
        Assert.Equal([7, 24, 1, 3], MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(output)).ToArray());
    }

    [Fact]
    public void An_error_is_an_answer_and_the_next_request_is_served()
    {
        var answers = Serve(() => new Sum(), new PeerRequest(Open: "product"), new PeerRequest(Open: "sum"));
        Assert.Equal("ArgumentException: no workload is called product", answers[1].Error);
        Assert.Null(answers[2].Error);
    }

    [Fact]
    public void A_peer_that_does_not_start_says_why_in_its_first_line()
    {
        var requests = new StringReader(new PeerRequest(Open: "sum").ToLine());
        var answers = new StringWriter();
        var cause = new TypeInitializationException("x", new DllNotFoundException("no library"));
        Assert.Equal(1, PeerLoop.Serve(() => throw cause, requests, answers));
        Assert.Equal("DllNotFoundException: no library", PeerAnswer.Parse(answers.ToString().Trim()).Error);
    }

    static PeerAnswer[] Serve(Func<IPeer> start, params PeerRequest[] requests)
    {
        var answers = new StringWriter();
        Assert.Equal(0, PeerLoop.Serve(start, new StringReader(string.Join('\n', requests.Select(request => request.ToLine()))), answers));
        return [.. answers.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(PeerAnswer.Parse)];
    }

    sealed class Sum : IPeer
    {
        readonly List<float> _sums = [];
        int _runs, _threads;

        public string Name => "sum of 3 threads";

        public void Open(string workload, int threads)
        {
            if (workload != "sum") throw new ArgumentException("no workload is called " + workload);
            _threads = threads;
        }

        public void Feed(IEnumerable<PeerInput> inputs) =>
            _sums.AddRange(inputs.Select(input => input.Values is long[] integers ? integers.Sum() : ((float[])input.Values).Sum()));

        public void Run() => _runs++;

        public float[] Output() => [.. _sums, _runs, _threads];

        public void Dispose() => _sums.Clear();
    }
}
