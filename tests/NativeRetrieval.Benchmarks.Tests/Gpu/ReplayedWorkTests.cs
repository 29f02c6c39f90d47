using NativeRetrieval.Benchmarks.Gpu;
using NativeRetrieval.Benchmarks.Tests.Roofline;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Benchmarks.Tests.Gpu;

/// <summary>Work that is timed on a GPU is replayed as a graph, as the product replays it; its memory counts the graph's.</summary>
[Collection("recording emulator")]
public sealed class ReplayedWorkTests
{
    const int Rounds = 2;

    /// <summary>The first run measures, the second is recorded: it, which estimates the time, and all that are timed are replays.</summary>
    [Theory]
    [InlineData("training-step")]
    [InlineData("cnn14")]
    [InlineData("resnet38")]
    [InlineData("htsat")]
    [InlineData("bert")]
    [InlineData("nt-xent")]
    [InlineData("logmel")]
    public void Timed_runs_are_replays(string name)
    {
        using var device = RecordedStepTests.Open(Precision.Tf32, graphs: true);
        using var prepared = Workload(name, graphs: true).Prepare(device);
        using var clock = new HostClock();
        Assert.True(new DeviceTimer(clock, Rounds, small: true).Time(prepared).Replayed);
        Assert.Equal((1, 1 + Rounds), (prepared.Captured!.Recordings, prepared.Captured.Replays));
    }

    /// <summary>Another reads what the work leaves behind in each run: nothing of it can be recorded, and the timer says so.</summary>
    [Fact]
    public void Timed_runs_that_are_launched_one_by_one_are_told_from_replays()
    {
        using var device = RecordedStepTests.Open(Precision.Tf32, graphs: true);
        using var captured = new CapturedWork(device);
        using var prepared = new PreparedRun(Read) { Captured = captured };
        using var clock = new HostClock();
        Assert.False(new DeviceTimer(clock, Rounds, small: true).Time(prepared).Replayed);

        void Read()
        {
            using var scope = TensorScope.Begin();
            captured.Run("read", [], default, [], _ =>
            {
                Op.Full([1], 1, device).ToArray<float>();
                return [];
            });
        }
    }

    [Fact]
    public void A_step_without_graphs_is_a_row_of_its_own()
    {
        var plain = Workload("training-step", graphs: false);
        Assert.EndsWith(", without graphs", plain.Shape, StringComparison.Ordinal);
        using var device = RecordedStepTests.Open(Precision.Tf32, graphs: false);
        using var prepared = plain.Prepare(device);
        using var clock = new HostClock();
        Assert.True(new DeviceTimer(clock, Rounds, small: true).Time(prepared).Replayed); // nothing was to be
        Assert.Equal(0, prepared.Captured!.Replays);
    }

    /// <summary>The loss of a step is read when the next one is queued: the device need not wait for the host.</summary>
    [Fact]
    public void Losses_are_read_a_step_late_where_the_device_works_behind()
    {
        using var device = RecordedStepTests.Open(Precision.Tf32, graphs: true);
        Assert.Equal([0, 1, 2, 3], SeenAfterEachStep(device));
        Assert.Equal([1, 2, 3, 4], SeenAfterEachStep(CpuDevice.Shared));
    }

    /// <summary>Recorded work lies in memory of its own beside the tensors, as cuBLAS's 32 MiB of workspace do.</summary>
    [Fact]
    public void Memory_in_use_holds_tensors_recorded_work_and_workspaces()
    {
        const int Workspace = 32 << 20;
        using var device = RecordedStepTests.Open(Precision.Tf32, graphs: true);
        using var prepared = Workload("training-step", graphs: true).Prepare(device);
        for (int run = 0; run < 3; run++) prepared.Run();
        long graph = prepared.Captured!.MemoryBytes;
        Assert.True(graph > 0);
        var (peak, taken) = DeviceMemory.Of(device, prepared.Run);
        Assert.InRange(peak, device.LiveBytes + graph + Workspace, device.LiveBytes + graph + Workspace + (4 << 20));
        Assert.InRange(peak, 0, taken);
        prepared.Captured.Dispose();
        Assert.Equal(peak - graph, DeviceMemory.Of(device, () => { }).PeakBytes, (double)(1 << 20));
    }

    /// <summary>Each row once, those with a bar before all others, whatever their precision.</summary>
    [Fact]
    public void Rows_with_a_bar_come_first()
    {
        var rows = DeviceWorkloads.InOrder(WorkloadSizes.Full).ToList();
        Assert.Equal(rows.Count, rows.DistinctBy(row => (row.Workload.Name, row.Workload.Shape, row.Precision)).Count());
        bool[] first = [.. rows.Select(row => row.Workload.First.Contains(row.Precision))];
        Assert.Equal(first.OrderDescending(), first);
        Assert.Equal(DeviceWorkloads.Of(WorkloadSizes.Full).Sum(workload => workload.Precisions.Count), rows.Count);
        Assert.All(DeviceWorkloads.Of(WorkloadSizes.Full), workload => Assert.Empty(workload.First.Except(workload.Precisions)));
        Assert.Equal([Precision.Tf32, Precision.Float32, Precision.BFloat16],
            rows.Where(row => row.Workload.Name == "training-step").Take(3).Select(row => row.Precision));
    }

    static List<int> SeenAfterEachStep(Device device)
    {
        using var run = new TrainingRun(device, WorkloadSizes.Small, pairs: 2, masks: null);
        using var model = run.Model;
        int seen = 0;
        return [.. Enumerable.Range(0, 4).Select(_ =>
        {
            run.Step((_, _) => seen++);
            return seen;
        })];
    }

    static DeviceWorkload Workload(string name, bool graphs) =>
        DeviceWorkloads.Of(WorkloadSizes.Small).First(workload => workload.Name == name && workload.Graphs == graphs);
}
