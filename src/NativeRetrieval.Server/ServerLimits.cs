using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Server;

/// <summary>
/// Sizes and times that requests to a service may take. What is beyond them is refused, never cut. It can be set, so that configuration can
/// be bound to it; a service reads it when it is added.
/// </summary>
public sealed record ServerLimits
{
    /// <summary>Requests that wait for the model and the search. One more is answered 429. Default 4; 1 to 65,536.</summary>
    public int Waiting { get; set; } = 4;

    /// <summary>Waiting requests that one pass answers. Default 4; 1 to 1,024.</summary>
    public int Batch { get; set; } = 4;

    /// <summary>Bytes of a JSON request. Default 1 MiB; 1,024 to 64 MiB.</summary>
    public int JsonBytes { get; set; } = 1 << 20;

    /// <summary>Bytes of an uploaded sound. Default 50 MiB; 1,024 to 1 GiB.</summary>
    public int UploadBytes { get; set; } = 50 << 20;

    /// <summary>Seconds that decoding an upload may take, of the clock and of a processor. Default 20; 1 to 600.</summary>
    public int UploadSeconds { get; set; } = 20;

    /// <summary>Bytes of memory that decoding an upload may take. Default 512 MiB; 128 MiB to 16 GiB.</summary>
    public long UploadMemoryBytes { get; set; } = 512L << 20;

    /// <summary>Sounds that are decoded at once, uploads and those of the indexes each. Default 2; 1 to 64.</summary>
    public int Decoders { get; set; } = 2;

    /// <summary>Characters of a sentence. Default 2,000; 1 to 100,000.</summary>
    public int TextCharacters { get; set; } = 2000;

    /// <summary>Sentences and examples of a question, and texts that are left out of its answer. Default 32; 1 to 1,024.</summary>
    public int Parts { get; set; } = 32;

    /// <summary>Inputs of a request for embeddings. Default 256; 1 to 2,048.</summary>
    public int Inputs { get; set; } = 256;

    /// <summary>Hits of an answer and of an export, and hits that are skipped. Default 10,000; 1 to 1,000,000.</summary>
    public int Hits { get; set; } = 10_000;

    /// <summary>Seconds of sound that are sent as WAV, and of all stretches of a ZIP file. Default 600; 1 to 36,000.</summary>
    public int WavSeconds { get; set; } = 600;

    /// <summary>Refuses limits outside their ranges.</summary>
    /// <exception cref="OptionException">A value is out of its range.</exception>
    public void Validate()
    {
        Require(nameof(Waiting), Waiting, 1, 65_536);
        Require(nameof(Batch), Batch, 1, 1024);
        Require(nameof(JsonBytes), JsonBytes, 1024, 64 << 20);
        Require(nameof(UploadBytes), UploadBytes, 1024, 1 << 30);
        Require(nameof(UploadSeconds), UploadSeconds, 1, 600);
        Require(nameof(UploadMemoryBytes), UploadMemoryBytes, 128L << 20, 16L << 30);
        Require(nameof(Decoders), Decoders, 1, 64);
        Require(nameof(TextCharacters), TextCharacters, 1, 100_000);
        Require(nameof(Parts), Parts, 1, 1024);
        Require(nameof(Inputs), Inputs, 1, 2048);
        Require(nameof(Hits), Hits, 1, 1_000_000);
        Require(nameof(WavSeconds), WavSeconds, 1, 36_000);
    }

    static void Require(string name, long value, long least, long most)
    {
        if (value < least || value > most)
            throw new OptionException(FormattableString.Invariant($"limits: {name} is {value:N0}; expected {least:N0} to {most:N0}"));
    }
}
