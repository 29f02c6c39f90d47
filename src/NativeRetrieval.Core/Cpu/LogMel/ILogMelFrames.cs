namespace NativeRetrieval.Core.Cpu.LogMel;

/// <summary>Log-mel frames of one clip in one precision.</summary>
internal interface ILogMelFrames<T>
{
    /// <summary>Log-mel of whole frames from <paramref name="firstFrame"/> on, as many as <paramref name="output"/> holds.</summary>
    void Run(ReadOnlySpan<T> waveform, int firstFrame, Span<T> output);
}
