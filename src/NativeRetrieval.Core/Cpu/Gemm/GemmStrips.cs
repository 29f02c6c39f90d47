namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>
/// Rows cut into the fewest strips of nearly equal height: a last strip of one or two rows would leave the multipliers idle.
/// </summary>
/// <param name="rows">At least 1.</param>
/// <param name="tallest">Rows of the largest tile.</param>
internal readonly struct GemmStrips(int rows, int tallest)
{
    readonly int _height = rows / ((rows + tallest - 1) / tallest), _taller = rows % ((rows + tallest - 1) / tallest);

    public int Count { get; } = (rows + tallest - 1) / tallest;

    public int Row(int strip) => strip * _height + Math.Min(strip, _taller);

    public int Height(int strip) => strip < _taller ? _height + 1 : _height;
}
