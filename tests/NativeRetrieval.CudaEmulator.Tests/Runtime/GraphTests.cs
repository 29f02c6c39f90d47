using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Runtime;
using NativeRetrieval.Cuda.Runtime.Graphs;

namespace NativeRetrieval.CudaEmulator.Tests.Runtime;

/// <summary>Work that is recorded as a CUDA graph and replayed does what it does launch by launch.</summary>
[Collection("device")]
public sealed class GraphTests
{
    const int Width = 8;

    public static TheoryData<string> Orders => [.. DeviceOrder.All];

    /// <summary>Products, dropout, a backward pass and a change in place: the same bits, whatever the inputs and the streams.</summary>
    [Theory, MemberData(nameof(Orders))]
    public void Replays_have_the_bits_of_plain_runs(string order)
    {
        using var test = new TestDevice(order);
        float[] expected = test.Run(device => Steps(device, captured: null)), actual = test.Run(device =>
        {
            using var captured = new CapturedWork(device, Assert.Fail);
            float[] values = Steps(device, captured);
            Assert.Equal((1, 5), (captured.Recordings, captured.Replays)); // the first run measures
            Assert.True(captured.MemoryBytes > 0);
            return values;
        });
        Assert.Equal(expected, actual);
    }

    /// <summary>
    /// Tensors that the work changes itself may be exchanged in place by others, as an evaluation does with averaged weights; they go on.
    /// What it only reads is another matter: something may have been derived from it, and the work is measured and recorded anew.
    /// </summary>
    [Fact]
    public void Changes_by_others_end_recordings_where_the_work_does_not_change_the_same()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var captured = new CapturedWork(test.Device, Assert.Fail);
        using Tensor own = Op.Full([Width], 1, test.Device), read = Op.Full([Width], 2, test.Device);
        float expected = 1;
        for (int run = 0; run < 9; run++)
        {
            using var scope = TensorScope.Begin();
            if (run is 3 or 4)
            {
                own.CopyFrom(Op.Full([Width], 10 * run, test.Device));
                expected = 10 * run;
            }
            if (run == 6) read.CopyFrom(Op.Full([Width], 5, test.Device));
            var y = captured.Run("move", [Op.Full([1], run, test.Device)], default, [own, read], _ =>
            {
                Op.MoveTowards(own, read, 0.5);
                return [Op.Scale(own, 1)];
            });
            expected = (expected + (run < 6 ? 2 : 5)) / 2;
            Assert.All(y[0].ToArray<float>(), value => Assert.Equal(expected, value));
            Assert.Equal(run < 6 ? (Math.Min(run, 1), run) : (run == 6 ? 1 : 2, run - 1), (captured.Recordings, captured.Replays));
        }
    }

    /// <summary>
    /// A replay renews what was there when its work was recorded, as part of it. What was derived since is renewed behind each replay.
    /// </summary>
    [Fact]
    public void A_replay_renews_what_is_derived_from_a_weight_once()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var captured = new CapturedWork(test.Device, Assert.Fail);
        using Tensor weight = Op.Full([Width], 1, test.Device), goal = Op.Full([Width], 2, test.Device);
        var before = new CountedRenewals();
        weight.Memory.Derived = before;
        for (int run = 0; run < 4; run++) Step();
        Assert.Equal(2, before.Count); // measured, recorded
        Assert.Equal(4, weight.Version);
        var since = new CountedRenewals();
        weight.Memory.Derived = since;
        for (int run = 0; run < 3; run++) Step();
        Assert.Equal((2, 3), (before.Count, since.Count));

        void Step()
        {
            using var scope = TensorScope.Begin();
            captured.Run("move", [Op.Full([1], 0, test.Device)], default, [weight], _ =>
            {
                Op.MoveTowards(weight, goal, 0.5);
                return [];
            });
        }
    }

    [Fact]
    public void A_device_without_graphs_runs_everything_as_it_comes()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var device = CudaDevice.Open(0, new() { Graphs = false, KernelFolder = test.Device.Options.KernelFolder });
        using var captured = new CapturedWork(device);
        Assert.False(captured.IsRecording);
        Assert.Equal(Steps(test.Device, captured: null), Steps(device, captured));
        Assert.Equal(0, captured.Replays);
    }

    public static TheoryData<string, string> Unrecordable => new()
    {
        { "reads", "values are read while work is recorded" },
        { "uploads", "host values are uploaded while work is recorded" },
        { "waits", "Synchronize while work is recorded" },
        { "leaves a tensor", "left 1 tensors behind" },
        { "frees an input", "freed 1 that are not its own" },
    };

    /// <summary>Such work is run launch by launch, and said so once; the device computes on.</summary>
    [Theory, MemberData(nameof(Unrecordable))]
    public void Work_that_cannot_be_recorded_runs_all_the_same(string kind, string message)
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        var notes = new List<string>();
        Tensor? left = null;
        using var captured = new CapturedWork(test.Device, notes.Add);
        for (int run = 0; run < 4; run++)
        {
            using var scope = TensorScope.Begin();
            var own = kind == "frees an input" ? TensorScope.Detach(Op.Full([Width], 3, test.Device)) : null;
            var x = Op.Full([Width], run + 1, test.Device);
            var y = captured.Run(kind, [x], default, [], inputs =>
            {
                switch (kind)
                {
                    case "reads": inputs[0].ToArray<float>(); break;
                    case "uploads": Tensor.From(new float[Width], [Width], test.Device); break;
                    case "waits": test.Device.Synchronize(); break;
                    case "leaves a tensor":
                        left?.Dispose();
                        left = TensorScope.Detach(Op.Relu(inputs[0]));
                        break;
                }
                own?.Dispose();
                return [Op.Scale(inputs[0], 2)];
            });
            Assert.All(y[0].ToArray<float>(), value => Assert.Equal(2 * (run + 1), value));
        }
        left?.Dispose();
        Assert.Equal(0, captured.Replays);
        Assert.Contains(message, Assert.Single(notes));
    }

    [Fact]
    public void A_driver_call_that_a_graph_cannot_hold_is_named_and_the_device_goes_on()
    {
        Emulator.Require();
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var stream = new NativeRetrieval.Cuda.Runtime.CudaStream(test.Device.Context);
        var error = Assert.Throws<CudaException>(() => CudaGraph.Record(stream, stream.Synchronize));
        Assert.Contains("cuStreamSynchronize", error.Message);
        Assert.Contains("while work was recorded", error.Message);
        stream.Synchronize();
        using var one = Op.Full([1], 1, test.Device);
        Assert.Equal(1, one.Item());
    }

    /// <summary>Each shape is measured, recorded and replayed; when more take turns than are kept, it is not worth it.</summary>
    [Fact]
    public void Too_many_shapes_in_turn_end_recording_and_it_is_said_once()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        var notes = new List<string>();
        using var captured = new CapturedWork(test.Device, notes.Add);
        for (int round = 0; round < 4; round++)
            for (int width = 1; width <= CapturedWork.MostRecordings + 2; width++)
            {
                using var scope = TensorScope.Begin();
                var y = captured.Run("scale", [Op.Full([width], round, test.Device)], default, [], inputs => [Op.Scale(inputs[0], 2)]);
                Assert.All(y[0].ToArray<float>(), value => Assert.Equal(2 * round, value));
            }
        Assert.False(captured.IsRecording);
        Assert.Contains("more than 16 shapes in turn", Assert.Single(notes));
    }

    /// <summary>Recordings take memory beside that of work as it comes: a run that fits without graphs fits with them.</summary>
    [Fact]
    public void Work_is_recorded_where_there_is_room_for_it_twice_and_gives_way_to_other_work()
    {
        Emulator.Require();
        using var test = new TestDevice(DeviceOrder.All[0]);
        const int Mebibyte = 1 << 20;
        // Devices of other tests keep workspaces: 256 MiB beside these.
        var (free, total) = new DriverMemory(test.Device.Context).Available;
        DeviceOrder.Set("NR_EMU_MEMORY_MIB", $"{256 + (total - free) / Mebibyte}");
        try
        {
            using var device = CudaDevice.Open(0, test.Device.Options);
            var notes = new List<string>();
            using var captured = new CapturedWork(device, notes.Add);
            for (int round = 0; round < 2; round++)
            {
                for (int run = 0; run < 3; run++) Take(100);
                Assert.InRange(captured.MemoryBytes, 100 * Mebibyte, 128 * Mebibyte);
                Assert.Equal((1 + round, 2 + 3 * round), (captured.Recordings, captured.Replays));
                for (int run = 0; run < 3; run++) Take(200); // beside the recording there are 156
                Assert.Equal(0, captured.MemoryBytes);
            }
            Assert.Matches("takes 0.2 GB of the 0.[34] GB that it has left", Assert.Single(notes));

            void Take(int mebibytes)
            {
                using var scope = TensorScope.Begin();
                var y = captured.Run("take", [Op.Full([mebibytes], 3, device)], default, [], inputs =>
                {
                    using var taken = Tensor.Empty([mebibytes * (Mebibyte / sizeof(float))], device);
                    return [Op.Scale(inputs[0], 2)];
                });
                Assert.All(y[0].ToArray<float>(), value => Assert.Equal(6, value));
            }
        }
        finally
        {
            DeviceOrder.Set("NR_EMU_MEMORY_MIB", "4096");
        }
    }

    [Fact]
    public async Task Other_threads_use_the_device_while_one_records()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        var device = test.Device;
        using var captured = new CapturedWork(device, Assert.Fail);
        using var x = Op.Full([Width], 2, device);
        for (int run = 0; run < 3; run++)
        {
            using var scope = TensorScope.Begin();
            float[]? beside = null;
            var y = captured.Run("beside", [x], default, [], inputs =>
            {
                var thread = new Thread(() => beside = Beside());
                thread.Start();
                thread.Join();
                return [Op.Scale(inputs[0], 2)];
            });
            Assert.All(y[0].ToArray<float>(), value => Assert.Equal(4, value));
            if (run < 2) Assert.All(beside!, value => Assert.Equal(7, value));
        }
        Assert.Equal(2, captured.Replays);
        await Task.CompletedTask;

        float[] Beside()
        {
            using var scope = TensorScope.Begin();
            return Op.Add(Op.Full([3], 3, device), Tensor.From([4f, 4, 4], [3], device)).ToArray<float>();
        }
    }

    /// <summary>A token outside the table is found in a replay as in a plain run, where its values are read.</summary>
    [Fact]
    public void Faults_of_a_replay_are_thrown_where_its_values_are_read()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var captured = new CapturedWork(test.Device, Assert.Fail);
        using var table = Op.Full([5, Width], 1, test.Device);
        for (int run = 0; run < 4; run++)
        {
            using var scope = TensorScope.Begin();
            var ids = Tensor.From([run < 3 ? 4 : 5], [1], test.Device);
            var later = captured.Run("ids", [ids], default, [], inputs => [Op.Embedding(table, inputs[0])])[0].ReadLater<float>();
            if (run < 3) Assert.All(later.Wait(), value => Assert.Equal(1, value));
            else Assert.Contains("id 5", Assert.Throws<Core.Errors.ShapeException>(later.Wait).Message);
        }
        using var one = Op.Full([1], 1, test.Device);
        Assert.Equal(1, one.Item());
    }

    /// <summary>Six small training steps, each on other inputs and streams; their losses and the weights at the end.</summary>
    static float[] Steps(CudaDevice device, CapturedWork? captured)
    {
        using var scope = TensorScope.Begin();
        var weight = Tensor.From([.. Enumerable.Range(0, Width * Width).Select(i => MathF.Sin(i))], [Width, Width], device);
        weight.RequiresGradient = true;
        var losses = new List<float>();
        for (int step = 0; step < 6; step++)
        {
            using var inner = TensorScope.Begin();
            var x = Tensor.From([.. Enumerable.Range(0, 3 * Width).Select(i => MathF.Cos(i * (step + 1)))], [3, Width], device);
            // The host's streams are those of the step; a replay's are those of the recorded one, moved.
            long stream = step << 16;
            var outputs = captured is null ? Work([x]) : captured.Run("step", [x], new(stream), [weight], Work);
            losses.Add((float)outputs[0].Item());

            Tensor[] Work(IReadOnlyList<Tensor> inputs)
            {
                using var tape = Tape.Begin();
                var y = Op.Dropout(Op.Relu(Op.Linear(inputs[0], weight, Tensor.Zeros([Width], device))), 0.25, new(3, (ulong)stream));
                var loss = Op.Sum(y);
                tape.Backward(loss);
                Op.MoveTowards(weight, weight.Gradient!, 0.01);
                weight.ClearGradient();
                return [loss];
            }
        }
        return [.. losses, .. weight.ToArray<float>()];
    }

    sealed class CountedRenewals : DerivedValues
    {
        public int Count { get; private set; }

        public override void Renew(Tensor changed) => Count++;

        public override void Dispose()
        {
        }
    }
}
