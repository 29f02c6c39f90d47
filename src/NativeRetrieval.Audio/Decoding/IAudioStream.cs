namespace NativeRetrieval.Audio.Decoding;

/// <summary>A decoded sound, read front to back. Full scale is ±1. Not thread-safe.</summary>
public interface IAudioStream : IDisposable
{
    /// <summary>Frames per second as the file says it, at least 1.</summary>
    int SampleRateHz { get; }

    /// <summary>Interleaved channels of one frame, at least 1.</summary>
    int Channels { get; }

    /// <summary>Frames as far as they are known before reading, or null. It is an estimate: what is read counts.</summary>
    long? LengthFrames { get; }

    /// <summary>
    /// A defect that reading met and got past, in words for a message, such as an end before the stated length; null where there is none.
    /// Final once <see cref="Read"/> has returned 0.
    /// </summary>
    string? Defect { get; }

    /// <summary>Reads the next whole frames.</summary>
    /// <param name="interleaved">Room for at least one frame: [frames × Channels], frame by frame.</param>
    /// <returns>Frames read; 0 only at the end.</returns>
    /// <exception cref="Core.Errors.AudioDecodeException">The data is damaged, or a sample is not a finite number.</exception>
    int Read(Span<float> interleaved);
}
