using NativeRetrieval.Encoders;
using NativeRetrieval.Models;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>Sizes of the workloads; those of <c>benchmarks/peers/torch_gpu.py</c> are the same.</summary>
internal sealed record WorkloadSizes
{
    /// <summary>The models of the report.</summary>
    public static WorkloadSizes Full { get; } = new();

    /// <summary>Small enough for the emulator.</summary>
    public static WorkloadSizes Small { get; } = new()
    {
        Cnn14 = new() { Channels = [8, 12, 16, 24, 32, 48] },
        ResNet38 = new() { Channels = [4, 4, 8, 8, 16, 32] },
        Bert = new() { VocabularySize = 211, Width = 24, Layers = 2, Heads = 3, HiddenWidth = 40, MaxPositions = 20 },
        HeadWidth = 64,
        Dimension = 32,
        Frames = 66,
        Samples = 1600,
        HtsAt = new() { ImageSize = 128, PatchWidth = 8, Depths = [1, 1, 1, 1], Heads = [1, 2, 2, 4], Window = 4 },
        AudioBatches = [2, 1],
        TrainingBatches = [4],
        IndexedFiles = 1,
        SearchedRows = 900,
        IndexedSeconds = 2,
        Sentences = 2,
        Tokens = 12,
        Pairs = [8],
        CopyBytes = 1 << 16,
        Products = [(64, 64, 64), (33, 40, 24)],
        ClipName = "0.65 s",
    };

    public Cnn14Config Cnn14 { get; init; } = new();

    public ResNet38Config ResNet38 { get; init; } = new();

    public HtsAtConfig HtsAt { get; init; } = new();

    public BertConfig Bert { get; init; } = new();

    /// <summary>Hidden width of both projection heads.</summary>
    public int HeadWidth { get; init; } = 2048;

    /// <summary>Dimension of the space that sounds and sentences share.</summary>
    public int Dimension { get; init; } = 1024;

    /// <summary>Frames of each clip: 10 s.</summary>
    public int Frames { get; init; } = 1001;

    /// <summary>Samples of each clip's waveform at 32 kHz: 10 s.</summary>
    public int Samples { get; init; } = 320000;

    /// <summary>Batch sizes of evaluation in the order of their timing.</summary>
    public IReadOnlyList<int> AudioBatches { get; init; } = [32, 1];

    /// <summary>Batch sizes of training: the report's 32, and the 4 of the figure on a CPU.</summary>
    public IReadOnlyList<int> TrainingBatches { get; init; } = [32, 4];

    /// <summary>Sound files of the index, WAV at 44.1 kHz.</summary>
    public int IndexedFiles { get; init; } = 8;

    /// <summary>Length of each.</summary>
    public int IndexedSeconds { get; init; } = 60;

    /// <summary>Rows that one query is compared with.</summary>
    public int SearchedRows { get; init; } = 1_000_000;

    public int Sentences { get; init; } = 32;

    public int Tokens { get; init; } = 32;

    /// <summary>Pairs of the loss alone.</summary>
    public IReadOnlyList<int> Pairs { get; init; } = [32, 1024];

    public int CopyBytes { get; init; } = 1 << 30;

    /// <summary>Matrix products, [M, K] x [K, N]; the first is the ceiling.</summary>
    public IReadOnlyList<(int M, int N, int K)> Products { get; init; } = [(8192, 8192, 8192), (1024, 3072, 768)];

    /// <summary>Name of a clip in the tables.</summary>
    public string ClipName { get; init; } = "10 s";

    public RetrievalModelConfig Model => new()
    {
        AudioEncoder = Cnn14,
        TextEncoder = Bert,
        AudioHeadWidth = HeadWidth,
        TextHeadWidth = HeadWidth,
        EmbeddingDimension = Dimension,
        MaxTokens = Math.Min(Bert.MaxPositions, 512),
    };
}
