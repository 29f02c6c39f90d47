using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Resampling;

/// <summary>
/// Changes a sample rate by the exact ratio L/M: <c>y[n] = Σ x[k] h(n·M/L − k)</c>, zeros before and after the input, no delay.
/// n inputs give ⌈n·L/M⌉ outputs. However the input is cut into pieces, the output is the same to the bit. Not thread-safe.
/// </summary>
/// <remarks>Use: push pieces and pull what is ready; after the last piece <see cref="Complete"/> and pull the rest.</remarks>
public sealed class Resampler
{
    const int BlockSamples = 1 << 14;
    readonly PolyphaseFilter _filter;
    float[] _window;                // inputs from absolute index _windowStart on; what no later output needs is dropped
    long _windowStart;
    int _windowLength;
    long _firstNeeded;              // absolute index of the first input that the next output takes
    long _inputs, _outputs;
    bool _completed;

    /// <summary>A resampler at the start of a signal.</summary>
    /// <param name="fromHz">Sample rate of the input, in Hz.</param>
    /// <param name="toHz">Sample rate of the output, in Hz.</param>
    /// <exception cref="OptionException">A rate is not positive, or they differ by more than a factor of 64.</exception>
    public Resampler(int fromHz, int toHz, ResamplerPreset preset)
    {
        _filter = PolyphaseFilter.Get(fromHz, toHz, preset);
        _window = new float[2 * _filter.Taps];
        _firstNeeded = _windowStart = -(Taps / 2 - 1);      // zeros before the first sample
        _windowLength = Taps / 2 - 1;
    }

    /// <summary>Input samples that each output sample is computed from.</summary>
    public int Taps => _filter.Taps;

    /// <summary>Number of outputs of <paramref name="inputSamples"/> inputs: ⌈n·L/M⌉.</summary>
    public static long OutputLength(long inputSamples, int fromHz, int toHz) =>
        (long)(((Int128)inputSamples * toHz + fromHz - 1) / fromHz);

    /// <summary>Resamples a whole signal.</summary>
    /// <exception cref="OptionException">A rate is not positive, or they differ by more than a factor of 64.</exception>
    public static float[] Resample(ReadOnlySpan<float> input, int fromHz, int toHz, ResamplerPreset preset)
    {
        if (fromHz == toHz && fromHz > 0) return input.ToArray();
        var resampler = new Resampler(fromHz, toHz, preset);
        long length = OutputLength(input.Length, fromHz, toHz);
        if (length > Array.MaxLength)
            throw new OptionException($"resampling {input.Length:N0} samples from {fromHz} Hz to {toHz} Hz gives {length:N0}, more than "
                + "one array holds; resample piece by piece");
        var output = new float[length];
        int pulled = 0;
        while (!input.IsEmpty)
        {
            var block = input[..Math.Min(BlockSamples, input.Length)];
            resampler.Push(block);
            pulled += resampler.Pull(output.AsSpan(pulled));
            input = input[block.Length..];
        }
        resampler.Complete();
        resampler.Pull(output.AsSpan(pulled));
        return output;
    }

    /// <summary>Appends input samples.</summary>
    /// <exception cref="InvalidOperationException">The input was completed.</exception>
    public void Push(ReadOnlySpan<float> input)
    {
        if (_completed) throw new InvalidOperationException("the input was completed");
        Append(input.Length);
        input.CopyTo(_window.AsSpan(_windowLength - input.Length));
        _inputs += input.Length;
    }

    /// <summary>Says that no input follows: the outputs that reach past its end become ready.</summary>
    public void Complete()
    {
        if (_completed) return;
        _completed = true;
        int zeros = Taps / 2;
        Append(zeros);
        _window.AsSpan(_windowLength - zeros, zeros).Clear();
    }

    /// <summary>Writes as many ready output samples as fit.</summary>
    /// <returns>Samples written; fewer than fit where more input is needed, or at the end.</returns>
    public int Pull(Span<float> output)
    {
        int up = _filter.Up, down = _filter.Down;
        long total = _completed ? OutputLength(_inputs, down, up) : long.MaxValue;
        long position = (long)((Int128)_outputs * down / up);           // of the next output, rounded down to an input
        int phase = (int)((Int128)_outputs * down % up);
        int step = down / up, phaseStep = down % up, count = 0;
        while (count < output.Length && _outputs < total)
        {
            long start = position - (Taps / 2 - 1) - _windowStart;
            if (start + Taps > _windowLength) break;
            if (phase == 0 && CanRound(start, Math.Min(output.Length - count, total - _outputs)))
            {
                _filter.ApplyRounds(_window.AsSpan((int)start, _windowLength - (int)start), output[count..]);
                count += DotProduct.Many * up;
                _outputs += DotProduct.Many * up;
                position += DotProduct.Many * down;
                continue;
            }
            output[count++] = _filter.Apply(_window.AsSpan((int)start, Taps), phase);
            _outputs++;
            position += step;
            phase += phaseStep;
            if (phase >= up) (phase, position) = (phase - up, position + 1);
        }
        _firstNeeded = position - (Taps / 2 - 1);
        return count;
    }

    /// <summary>True if the window holds the input of eight rounds of all phases and the caller wants as many outputs.</summary>
    bool CanRound(long start, long wanted) =>
        !_filter.IsInterpolated && wanted >= (long)DotProduct.Many * _filter.Up
            && start + (long)DotProduct.Many * _filter.Down + Taps <= _windowLength;

    void Append(int samples)
    {
        if (samples > _window.Length - _windowLength) DropUnneeded();
        int needed = checked(_windowLength + samples);
        if (needed > _window.Length) Array.Resize(ref _window, (int)Math.Min(Math.Max(needed, 2L * _window.Length), Array.MaxLength));
        _windowLength = needed;
    }

    void DropUnneeded()
    {
        int dropped = (int)Math.Min(_firstNeeded - _windowStart, _windowLength);
        _window.AsSpan(dropped, _windowLength - dropped).CopyTo(_window);
        _windowStart += dropped;
        _windowLength -= dropped;
    }
}
