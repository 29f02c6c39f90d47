using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Cuda;
using NativeRetrieval.Demo;
using NativeRetrieval.Engine;
using NativeRetrieval.Evaluation;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Models;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Runs;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.CudaEmulator.Tests.Models;

/// <summary>The engine and the evaluation replay batches of shapes that come again, and their vectors are those of launched ones.</summary>
[Collection("device")]
public sealed class ReplayedBatchTests : IDisposable
{
    const int Clips = 3;

    static readonly string[] _small =
    [
        "model.audio_channels=[4, 4, 4, 4, 4, 4]", "model.audio_head_width=8", "model.text_head_width=8", "model.embedding_dimension=8",
        "text.hidden_width=8", "text.layers=1", "text.feed_forward_width=8", "audio.max_seconds=0.7",
    ];

    readonly TemporaryFolder _folder = new();
    readonly Dataset _data;

    public ReplayedBatchTests()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 3, Clips + 1, testClips: 1);
        _data = CaptionCsv.Read(demo.TrainCsv, demo.AudioFolder);
    }

    [Fact]
    public void Clips_of_one_length_are_replayed_from_the_second_batch_on()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var model = Model(test.Device);
        using var captured = new CapturedWork(test.Device, Assert.Fail);
        float[][] expected = [.. Enumerable.Range(0, 4).Select(batch => Embed(batch, null))];
        float[][] actual = test.Run(_ => Enumerable.Range(0, 4).Select(batch => Embed(batch, captured)).ToArray());
        Assert.Equal(expected, actual);
        Assert.NotEqual(expected[0], expected[1]);
        Assert.Equal((1, 3), (captured.Recordings, captured.Replays));

        float[] Embed(int batch, CapturedWork? captured) => Embedder.Clips(model, 2, _ => 64, clip => Noise(2 * batch + clip), null,
            TestContext.Current.CancellationToken, captured);
    }

    [Fact]
    public void An_evaluation_has_the_vectors_of_one_without_graphs()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var plain = CudaDevice.Open(0, test.Device.Options with { Graphs = false });
        // Four batches of sentences of one length, the least that has another shape aside.
        string[] texts = [.. Enumerable.Range(0, 4 * 32).Select(i => $"sound {i:D3}")];
        var expected = Evaluate(plain);
        Assert.Equal(0, plain.Graphs.Launched);
        long before = test.Device.Graphs.Launched;
        var actual = test.Run(Evaluate);
        Assert.Equal(before + 3, test.Device.Graphs.Launched);
        Assert.Equal(expected.Clips, actual.Clips);
        Assert.Equal(expected.Texts, actual.Texts);

        (float[] Clips, float[] Texts) Evaluate(CudaDevice device)
        {
            using var model = Model(device);
            var features = FeatureStore.Prepare(new FeatureCache(_folder["cache"], ModelFeatures.Of(model.Config)), _data, [], null,
                TestContext.Current.CancellationToken);
            var vectors = Evaluator.Embed(model, features, texts, null, TestContext.Current.CancellationToken);
            return (vectors.Clips, vectors.TextVectors);
        }
    }

    [Fact]
    public void An_engine_replays_sentences_and_windows_whose_shapes_come_again()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        string folder = Directory.CreateDirectory(_folder["model"]).FullName;
        using (var model = Model(CpuDevice.Shared)) ModelFolder.Save(folder, model, "# A test\n");
        using var plain = CudaDevice.Open(0, test.Device.Options with { Graphs = false });
        float[][] expected = Use(plain, out long launched);
        Assert.Equal(0, launched);
        float[][] actual = Use(test.Device, out launched);
        Assert.Equal(expected, actual);
        Assert.Equal(2 + 2, launched); // of three times each the first is measured

        float[][] Use(CudaDevice device, out long launched)
        {
            using var engine = RetrievalEngine.Open(folder, device);
            long before = device.Graphs.Launched;
            var vectors = new List<float[]>();
            foreach (string sentence in (string[])["a dog barks", "rain falls", "a bell rings"])
                vectors.Add(engine.EmbedTexts([sentence]));
            for (int time = 0; time < 3; time++) // one window, whatever the clip's length
                vectors.Add(engine.EmbedFile(_data.Clips[0].AudioPath, 5, 5, TestContext.Current.CancellationToken).Single()
                    .Vector.ToArray());
            launched = device.Graphs.Launched - before;
            return [.. vectors];
        }
    }

    public void Dispose() => _folder.Dispose();

    RetrievalModel Model(Device device) => ModelFactory.Create(SettingsLoader.Load("tiny", _small), _data, null, device);

    static LogMelClip Noise(int number)
    {
        var random = new PhiloxSequence(new Philox(17, (ulong)number));
        return new([.. Enumerable.Range(0, 64 * 64).Select(_ => (float)(-40 + 20 * random.NextNormal()))], 64, 64, Samples: 64 * 320);
    }
}
