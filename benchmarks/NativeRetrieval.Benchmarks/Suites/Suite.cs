using NativeRetrieval.Benchmarks.Measuring;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>A named group of measurements.</summary>
internal sealed record Suite(string Name, string Summary, Func<Bench, IEnumerable<Row>> Run)
{
    public static IReadOnlyList<Suite> All { get; } =
    [
        new("cnn14", "the audio encoder from log-mel, 10 s", Cnn14Suite.Run),
        new("htsat", "HTSAT-tiny, CLAP's audio encoder, from log-mel, 10 s", HtsAtSuite.Run),
        new("text-query", "one sentence through CLAP's text half", TextQuerySuite.Run),
        new("logmel", "log-mel spectrogram of 10 s", LogMelSuite.Run),
        new("training-step", "forward, backward and Adam of CNN14 + BERT-base, 4 x 10 s", TrainingStepSuite.Run),
        new("conv", "3x3 convolutions of CNN14 with bias and ReLU", ConvSuite.Run),
        new("gemm", "matrix products of BERT and of large squares, weights packed before", GemmSuite.Run),
        new("resnet38", "the other audio encoder from log-mel, 10 s", EncoderSuite.Sound),
        new("bert", "BERT-base, sentences of 32 tokens", EncoderSuite.Text),
        new("operations", "layer norm, attention, NT-Xent with gradients, Adam", OperationSuite.Run),
        new("gemm-training", "the three products of a linear layer's training step, nothing packed before", GemmTrainingSuite.Run),
        new("search", "exact search, 100,000 x 1024", SearchSuite.Run),
        new("evaluation", "metrics of 5,225 captions x 1,045 clips from stored vectors", EvaluationSuite.Run),
        new("tokenizer", "WordPiece and byte-level BPE ids of captions", TokenizerSuite.Run),
        new("resample", "44.1 and 48 kHz to 32 kHz", ResampleSuite.Run),
    ];
}
