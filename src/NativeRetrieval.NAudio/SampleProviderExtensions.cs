using NAudio.Wave;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.NAudio;

/// <summary>The two directions between NAudio's sample providers and the sounds of this engine.</summary>
public static class SampleProviderExtensions
{
    /// <summary>A decoded sound as a source of NAudio, for its players, mixers, effects and writers. Samples keep their bits.</summary>
    /// <remarks>
    /// A read is filled as far as the sound goes, so that fewer samples than asked for mean its end. The caller disposes
    /// <paramref name="stream"/>, not before the provider is done with. Errors of the stream pass through.
    /// </remarks>
    public static ISampleProvider ToSampleProvider(this IAudioStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new StreamSampleProvider(stream);
    }

    /// <summary>A source of NAudio as a sound that is embedded, indexed or cut into windows. Samples keep their bits.</summary>
    /// <remarks>The source must end: a generator is bounded by NAudio's <c>Take</c>.</remarks>
    /// <param name="provider">A source with at least one channel; it may give fewer samples than asked for, 0 only at its end.</param>
    /// <param name="name">Name in messages, such as a path or an address.</param>
    /// <param name="lengthFrames">Frames as far as they are known, 0 or more, or null.</param>
    /// <param name="leaveOpen">False: disposing the stream disposes <paramref name="provider"/>, if it can be disposed.</param>
    /// <exception cref="AudioDecodeException">The source's format has no channel or no sample rate.</exception>
    public static IAudioStream ToAudioStream(this ISampleProvider provider, string name, long? lengthFrames = null, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (lengthFrames is { } length) ArgumentOutOfRangeException.ThrowIfNegative(length, nameof(lengthFrames));
        return ProviderAudioStream.Open(provider, name, lengthFrames, leaveOpen);
    }
}
