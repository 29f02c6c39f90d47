namespace NativeRetrieval.Audio.Decoding;

/// <summary>A decoded sound, read front to back. Full scale is ±1. Not thread-safe.</summary>
public interface IAudioStream : IDisposable
{
    /// <summary>Frames per second as the file says it, at least 1.</summary>
    int SampleRateHz { get; }

    /// <summary>Interleaved channels of one frame, at least 1.</summary>
    int Channels { get; }

    /// <summary>Frames as the header promises them, or null where the format does not say. A damaged file may end earlier.</summary>
    long? LengthFrames { get; }

    /// <summary>Reads the next whole frames.</summary>
    /// <param name="interleaved">Room for at least one frame: [frames × Channels], frame by frame.</param>
    /// <returns>Frames read; 0 only at the end.</returns>
    /// <exception cref="Core.Errors.AudioDecodeException">The data is damaged, or a sample is not a finite number.</exception>
    int Read(Span<float> interleaved);
}
