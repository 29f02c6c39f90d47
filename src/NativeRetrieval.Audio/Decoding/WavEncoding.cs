namespace NativeRetrieval.Audio.Decoding;

/// <summary>How one sample of a WAV file is stored; integers wider than 8 bits are signed, all are little-endian.</summary>
internal enum WavEncoding
{
    UnsignedPcm8,
    Pcm16,
    Pcm24,
    Pcm32,
    Float32,
    Float64,
}
