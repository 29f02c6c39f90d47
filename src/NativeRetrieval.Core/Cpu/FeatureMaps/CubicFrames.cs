namespace NativeRetrieval.Core.Cpu.FeatureMaps;

/// <summary>
/// Frames stretched by cubic convolution (Keys 1981, a = −0.75), first on first and last on last: new frame j lies at
/// j·(own − 1)/(stretched − 1) and is a weighted sum of four.
/// </summary>
/// <param name="own">Frames that there are.</param>
/// <param name="stretched">Frames that are made of them; at least as many.</param>
internal readonly struct CubicFrames(int own, int stretched)
{
    const double A = -0.75;

    readonly long _own = Math.Max(own - 1, 0), _stretched = Math.Max(stretched - 1, 1);

    /// <summary>The frame at or before new frame <paramref name="j"/>: the second of the four.</summary>
    public int Base(int j) => (int)(j * _own / _stretched);

    /// <summary>Frame of tap 0 … 3 of a base; beyond an end, the frame at the end.</summary>
    public int Frame(int start, int tap) => Math.Clamp(start - 1 + tap, 0, own - 1);

    /// <summary>Weights of the four taps. The place between frames is a ratio of whole numbers, so that it is rounded once.</summary>
    public (double W0, double W1, double W2, double W3) Weights(int j)
    {
        double t = (double)(j * _own % _stretched) / _stretched;
        return (Far(t + 1), Near(t), Near(1 - t), Far(2 - t));
    }

    /// <summary>The first new frame that may lean on <paramref name="frame"/>.</summary>
    public int First(int frame) => _own == 0 ? 0 : (int)Math.Max(0, ((frame - 2) * _stretched + _own - 1) / _own);

    /// <summary>One past the last new frame that may lean on <paramref name="frame"/>.</summary>
    public int End(int frame) => _own == 0 ? stretched : (int)Math.Min(stretched, ((frame + 2) * _stretched + _own - 1) / _own);

    static double Near(double d) => ((A + 2) * d - (A + 3)) * d * d + 1;

    static double Far(double d) => ((A * d - 5 * A) * d + 8 * A) * d - 4 * A;
}
