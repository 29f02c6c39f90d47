namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Queries by rows whose sums are in registers together.</summary>
internal enum DotTile
{
    /// <summary>For 16 registers and floating-point numbers: a value of a row, which may have to be widened, serves four queries.</summary>
    FourByThree,

    /// <summary>For 16 registers and fixed point, whose products take a register of their own before they are added.</summary>
    TwoBySix,

    /// <summary>For 32 registers.</summary>
    FourBySix,
}
