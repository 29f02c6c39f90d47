using NativeRetrieval.GradientChecks.Decisions;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>One channel of a batch norm in training, forward and backward in float64, over the clips' own frames.</summary>
internal sealed class ExactChannel
{
    readonly double[] _x;
    readonly int[] _own;
    readonly double _gain, _bias, _undecided;
    readonly bool _rectifies;
    double[] _gradient = [];

    /// <param name="x">The channel's maps, [clips, frames, width].</param>
    /// <param name="own">Frames of each clip that are not padding.</param>
    /// <param name="largest">What no |x|, or sum of the absolute terms of an x, is above.</param>
    public ExactChannel(double[] x, int[] own, int frames, double gain, double bias, bool rectifies, double epsilon, double largest)
    {
        (_x, _own, Frames, Width) = (x, own, frames, x.Length / (own.Length * frames));
        (_gain, _bias, _rectifies) = (gain, bias, rectifies);
        double sum = 0, squares = 0;
        for (int i = 0; i < x.Length; i++)
            if (IsOwn(i)) (sum, Count) = (sum + x[i], Count + 1);
        Mean = sum / Count;
        for (int i = 0; i < x.Length; i++)
            if (IsOwn(i)) squares += (x[i] - Mean) * (x[i] - Mean);
        UnbiasedVariance = squares / (Count - 1);
        InverseDeviation = 1 / Math.Sqrt(squares / Count + epsilon);
        _undecided = Decision.Undecided * ((largest + Math.Abs(Mean)) * Math.Abs(gain) * InverseDeviation + Math.Abs(bias));
    }

    /// <summary>Entries of own frames.</summary>
    public long Count { get; }

    public double Mean { get; private set; }

    public double InverseDeviation { get; private set; }

    public double UnbiasedVariance { get; }

    /// <summary>Σ of the gradient behind the rectifier.</summary>
    public double BiasGradient { get; private set; }

    /// <summary>Σ of the same times the entries' deviations.</summary>
    public double GainGradient { get; private set; }

    public int Frames { get; }

    public int Width { get; }

    /// <summary>Entry of a clip's frame and column.</summary>
    public int At(int clip, int frame, int column) => (clip * Frames + frame) * Width + column;

    /// <summary>The normalised entry, rectified where the operation does; 0 behind a clip's own frames.</summary>
    public double Normalised(int i)
    {
        if (!IsOwn(i)) return 0;
        double value = Value(i);
        return _rectifies ? Math.Max(value, 0) : value;
    }

    /// <summary>Rounding alone could decide what the rectifier does with the entry.</summary>
    public bool IsUndecided(int i) => _rectifies && IsOwn(i) && Math.Abs(Value(i)) <= _undecided;

    /// <summary>Rounds the statistics as backward gets them.</summary>
    public void RoundStatistics() => (Mean, InverseDeviation) = ((float)Mean, (float)InverseDeviation);

    /// <summary>Sums the parameters' gradients.</summary>
    /// <param name="gradient">Of the normalised maps in front of the rectifier's mask, [clips, frames, width].</param>
    public void Differentiate(double[] gradient)
    {
        _gradient = gradient;
        for (int i = 0; i < gradient.Length; i++)
        {
            double passed = Passed(i);
            BiasGradient += passed;
            GainGradient += passed * Deviation(i);
        }
    }

    /// <summary>The gradient of an entry of x.</summary>
    public double InputGradient(int i) => !IsOwn(i) ? 0
        : _gain * InverseDeviation * (Passed(i) - BiasGradient / Count - Deviation(i) * GainGradient / Count);

    double Passed(int i) => IsOwn(i) && !(_rectifies && Value(i) <= 0) ? _gradient[i] : 0;

    double Value(int i) => _gain * Deviation(i) + _bias;

    double Deviation(int i) => (_x[i] - Mean) * InverseDeviation;

    bool IsOwn(int i)
    {
        int row = i / Width;
        return row % Frames < _own[row / Frames];
    }
}
