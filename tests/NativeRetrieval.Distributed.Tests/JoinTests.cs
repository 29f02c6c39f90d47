using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Distributed.Joining;
using NativeRetrieval.Distributed.Watching;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Distributed.Tests;

public sealed class JoinTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("node1:29500", "node1", 29500)]
    [InlineData("10.0.0.7:1", "10.0.0.7", 1)]
    [InlineData("[fe80::1]:65535", "fe80::1", 65535)]
    public void A_coordinator_is_a_host_and_a_port(string text, string host, int port)
    {
        var coordinator = Coordinator.Parse(text);
        Assert.Equal((host, port, null), (coordinator.Host, coordinator.Port, coordinator.File));
        Assert.Equal(text, coordinator.ToString());
    }

    [Fact]
    public void A_coordinator_is_a_file()
    {
        Assert.Equal(_folder["meet"], Coordinator.Parse(_folder["meet"]).File);
        Assert.Equal(Path.GetFullPath("./name:1"), Coordinator.Parse("./name:1").File);
        Assert.Equal(Path.GetFullPath("meet"), Coordinator.Parse("meet").ToString());
    }

    [Theory]
    [InlineData("", "HOST:PORT or a file")]
    [InlineData("node1:0", "port 0")]
    [InlineData("node1:70000", "port 70000")]
    [InlineData("/no/such/folder/meet", "in no folder that exists")]
    [InlineData(".", "is a folder")]
    public void A_coordinator_that_is_neither_is_refused(string text, string message) =>
        Assert.Contains(message, Assert.Throws<OptionException>(() => Coordinator.Parse(text)).Message);

    [Theory]
    [InlineData(0, 0, "world size")]
    [InlineData(0, 4097, "world size")]
    [InlineData(2, 2, "rank: 0 to 1")]
    [InlineData(-1, 2, "rank: 0 to 1")]
    public void Ranks_outside_their_world_are_refused(int rank, int worldSize, string message) => Assert.Contains(message,
        Assert.Throws<OptionException>(() => Join(TcpRanks.Options(rank, worldSize, Coordinator.In(_folder["meet"])))).Message);

    [Fact]
    public void Ranks_meet_at_a_port()
    {
        int port = FreePort();
        TcpRanks.Run(3, group =>
        {
            Assert.Equal(group.Rank, group.LocalRank);
            Assert.Equal(3, group.WorldSize);
            return true;
        }, options => options with { Coordinator = Coordinator.At("localhost", port), JobKey = "job 7" });
    }

    [Fact]
    public void The_file_is_readable_by_its_owner_alone_and_goes_when_all_have_come()
    {
        string path = _folder["meet"];
        File.WriteAllText(path, """{"Format":"nativeretrieval-coordinator-1","Addresses":["127.0.0.1"],"Port":1,"Secret":""}"""); // stale
        TcpRanks.Run(2, group => true, options => options with { Coordinator = Coordinator.In(path) });
        Assert.False(File.Exists(path));
        using var stop = new CancellationTokenSource();
        var waits = Task.Run(() => TcpGroup.Join(TcpRanks.Options(0, 2, Coordinator.In(path)), stop.Token),
            TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() => File.Exists(path) || waits.IsCompleted);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Contains("another rank 0 waits",
            Assert.Throws<OptionException>(() => Join(TcpRanks.Options(0, 2, Coordinator.In(path)))).Message);
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => waits.GetAwaiter().GetResult());
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void A_file_that_is_something_else_is_left_alone()
    {
        string path = _folder["weights"];
        File.WriteAllText(path, "precious");
        var error = Assert.Throws<OptionException>(() => Join(TcpRanks.Options(0, 2, Coordinator.In(path))));
        Assert.Contains("left alone", error.Message);
        Assert.Equal("precious", File.ReadAllText(path));
    }

    [Fact]
    public void A_rank_with_other_facts_is_named_with_both_values()
    {
        var error = TcpRanks.Fails(3, _ => { }, options => options with
        {
            Facts = new Dictionary<string, string> { ["version"] = "1.0", ["settings"] = options.Rank == 2 ? "b" : "a" },
        });
        Assert.Equal(2, error.Rank);
        Assert.Contains("settings: it has b, rank 0 a", error.Message);
    }

    [Fact]
    public void A_fact_that_one_rank_lacks_is_none()
    {
        var error = TcpRanks.Fails(2, _ => { }, options => options.Rank == 0 ? options : options with
        {
            Facts = new Dictionary<string, string> { ["extra"] = "x\u001b[31m" },
        });
        Assert.Equal(1, error.Rank);
        Assert.Contains(@"extra: it has x\x1b[31m, rank 0 none", error.Message);
    }

    [Fact]
    public void A_rank_of_another_world_is_named()
    {
        var error = TcpRanks.Fails(2, _ => { }, options => options.Rank == 0 ? options : options with { WorldSize = 3 });
        Assert.Equal(1, error.Rank);
        Assert.Contains("started for 3 ranks, rank 0 for 2", error.Message);
    }

    [Fact]
    public void A_rank_that_comes_twice_is_named()
    {
        var error = TcpRanks.Fails(3, _ => { }, options => options with { Rank = Math.Min(options.Rank, 1) });
        Assert.Equal(1, error.Rank);
        Assert.Contains("is there already", error.Message);
    }

    [Fact]
    public void Ranks_that_do_not_come_are_named()
    {
        var error = TcpRanks.Fails(2, _ => { },
            options => options with { WorldSize = 4, JoinLimit = TimeSpan.FromSeconds(options.Rank == 0 ? 3 : 120) });
        Assert.Equal(2, error.Rank);
        Assert.Contains("ranks 2, 3 of 4 did not come", error.Message);
        Assert.Contains("within 3 s", error.Message);
    }

    [Fact]
    public void Rank_0_that_is_not_there_is_named()
    {
        var options = TcpRanks.Options(1, 2, Coordinator.At("localhost", FreePort())) with { JoinLimit = TimeSpan.FromMilliseconds(1) };
        var error = Assert.Throws<DistributedException>(() => Join(options));
        Assert.Equal(0, error.Rank);
        Assert.Contains("rank 0 was not found at localhost:", error.Message);
        error = Assert.Throws<DistributedException>(() => Join(options with { Coordinator = Coordinator.In(_folder["none"]) }));
        Assert.Contains(_folder["none"], error.Message);
        error = Assert.Throws<DistributedException>(() => Join(options with { Coordinator = Coordinator.At("no-such.invalid", 1) }));
        Assert.Contains("its name is not known here", error.Message);
    }

    /// <summary>The rank is started once the wait is said, and killed once it has joined: others would be waited for much longer.</summary>
    [Fact]
    public void A_rank_that_dies_while_others_are_waited_for_ends_the_wait()
    {
        Process? guest = null;
        string place = _folder["meet"];
        var options = TcpRanks.Options(0, 3, Coordinator.In(place)) with
        {
            JoinReport = TimeSpan.FromMilliseconds(20),
            Joining = said =>
            {
                if (said == "waiting for ranks 1, 2 (1 of 3 joined)")
                    guest ??= Process.Start("dotnet", [typeof(RankHost).Assembly.Location, RankHost.Argument, "1", "3", place]);
                else
                {
                    Assert.Equal("waiting for rank 2 (2 of 3 joined)", said);
                    guest!.Kill();
                }
            },
        };
        var error = Assert.Throws<DistributedException>(() => Join(options));
        Assert.Equal(1, error.Rank);
        Assert.StartsWith($"rank 1 ({Environment.MachineName}, process {guest!.Id}) ended without a word", error.Message);
        guest.Dispose();
    }

    /// <summary>It has shown the job's key, and resets the connection before it is welcomed.</summary>
    [Fact]
    public void A_rank_that_dies_while_it_introduces_itself_ends_the_wait()
    {
        int port = FreePort();
        bool hasCome = false;
        var options = TcpRanks.Options(0, 3, Coordinator.At("localhost", port)) with
        {
            JoinReport = TimeSpan.FromMilliseconds(20),
            Joining = _ =>
            {
                if (hasCome) return;
                hasCome = true;
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.LingerState = new(true, 0);
                socket.Connect(IPAddress.Loopback, port);
                var asked = Frame.ReceiveAsync(socket, FrameKind.Challenge, Frame.LargestBytesOfStrangers, CancellationToken.None)
                    .GetAwaiter().GetResult();
                var hello = new Hello(new JobKey("", []).Proof(asked.Read<byte[]>(), 1), JobKey.NewChallenge(), Member.Here(1), 3, 1, []);
                Frame.Of(FrameKind.Hello, hello).SendAsync(socket, CancellationToken.None).GetAwaiter().GetResult();
            },
        };
        Assert.Equal(1, Assert.Throws<DistributedException>(() => Join(options)).Rank);
    }

    /// <summary>Its file appears during the wait and nobody answers there: it died, and is not waited for as one that never came.</summary>
    [Fact]
    public void Rank_0_that_was_there_and_is_gone_ends_the_wait()
    {
        string place = _folder["meet"];
        var options = TcpRanks.Options(1, 2, Coordinator.In(place)) with
        {
            HeartbeatLimit = TimeSpan.FromMilliseconds(300),
            JoinReport = TimeSpan.FromMilliseconds(20),
            Joining = said =>
            {
                Assert.StartsWith($"waiting for rank 0 at {place}: ", said);
                if (!File.Exists(place)) CoordinatorFile.Write(place, FreePort());
            },
        };
        var error = Assert.Throws<DistributedException>(() => Join(options));
        Assert.Equal(0, error.Rank);
        Assert.StartsWith($"rank 0 was at {place} and is gone (", error.Message);
    }

    [Fact]
    public void A_port_that_is_taken_is_named()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var options = TcpRanks.Options(0, 2, Coordinator.At("127.0.0.1", ((IPEndPoint)other.LocalEndpoint).Port));
        Assert.Contains("is another job there?", Assert.Throws<DistributedException>(() => Join(options)).Message);
    }

    [Fact]
    public void Strangers_and_ranks_of_other_jobs_are_refused_and_do_not_disturb()
    {
        int port = FreePort();
        var strangers = new List<Socket>();
        DistributedException? intruder = null;
        TcpRanks.Run(2, group => true, options =>
        {
            options = options with { Coordinator = Coordinator.At("localhost", port), JobKey = "ours" };
            if (options.Rank == 0) return options;
            intruder = Assert.Throws<DistributedException>(() => Join(options with { JobKey = "theirs" }));
            foreach (byte[] bytes in (byte[][])[[], "GET / HTTP/1.1\r\n\r\n"u8.ToArray(), [255, 255, 255, 255, 2], [2, 0, 0, 0, 2, 1, 1]])
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Connect(IPAddress.Loopback, port);
                socket.Send(bytes);
                strangers.Add(socket);
            }
            return options;
        });
        Assert.Contains("another job's key", intruder!.Message);
        foreach (var socket in strangers) socket.Dispose();
    }

    public void Dispose() => _folder.Dispose();

    static TcpGroup Join(TcpGroupOptions options) => TcpGroup.Join(options, TestContext.Current.CancellationToken);

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
