using System.Runtime.CompilerServices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Core.Cpu.Int8;

/// <summary>
/// A weight W[O, I] as 8-bit integers in the order in which a kernel reads it, [panel of columns][group of k][column][step], with zeros
/// behind the last output and the last input; for each column a scale and the sum of its integers.
/// </summary>
internal readonly unsafe struct Int8Panels(int outputs, int inputs, Int8Kernel kernel, sbyte* panels, float* scales, int* sums)
{
    public int Outputs => outputs;
    public int Inputs => inputs;
    public Int8Kernel Kernel => kernel;

    /// <summary>One per column, also those behind the last output.</summary>
    public float* Scales => scales;

    /// <inheritdoc cref="Scales"/>
    public int* Sums => sums;

    /// <summary>Groups of k.</summary>
    public int Groups => GroupsOf(inputs, kernel);

    public int Panels => PanelsOf(outputs, kernel);

    public sbyte* Panel(int panel) => panels + panel * PanelBytes;

    nint PanelBytes => (nint)Groups * kernel.Group * kernel.Columns;

    public static int GroupsOf(int inputs, Int8Kernel kernel) => (inputs + kernel.Group - 1) / kernel.Group;

    public static int PanelsOf(int outputs, Int8Kernel kernel) => (outputs + kernel.Columns - 1) / kernel.Columns;

    /// <summary>Room for the integers of a weight, in bytes.</summary>
    public static int Bytes(int outputs, int inputs, Int8Kernel kernel) =>
        checked(PanelsOf(outputs, kernel) * kernel.Columns * GroupsOf(inputs, kernel) * kernel.Group);

    /// <summary>Fills the panels, all memory of them, by the rule of <see cref="Int8Weights"/>.</summary>
    /// <param name="weight">[O, I], row-major.</param>
    /// <exception cref="NativeRetrievalException">A weight is NaN or infinite.</exception>
    public void Fill(float* weight) =>
        Workers.Run(Panels, (Panels: this, Weight: (nint)weight), static (s, panel) => s.Panels.FillPanel(panel, (float*)s.Weight));

    void FillPanel(int panel, float* weight)
    {
        int group = kernel.Group, stride = kernel.Columns * group;
        var integers = new sbyte[inputs];
        new Span<sbyte>(Panel(panel), checked((int)PanelBytes)).Clear();
        for (int lane = 0; lane < kernel.Columns; lane++)
        {
            int column = panel * kernel.Columns + lane, sum = 0;
            float scale = 0;
            if (column < outputs)
            {
                var row = new ReadOnlySpan<float>(weight + (nint)column * inputs, inputs);
                scale = Int8Weights.Scale(row) ?? throw new NativeRetrievalException(
                    $"Int8Weight: row {column} of the weight holds NaN or an infinity; only finite weights have an 8-bit form");
                Int8Weights.Round(row, scale, integers);
                sbyte* target = Panel(panel) + lane * group;
                int k = 0;
                if (group == sizeof(int))
                    for (; k <= inputs - group; k += group, target += stride)
                        Unsafe.WriteUnaligned(target, Unsafe.ReadUnaligned<int>(ref Unsafe.As<sbyte, byte>(ref integers[k])));
                for (; k < inputs; target += stride)
                    for (int end = Math.Min(inputs, k + group), step = 0; k < end; k++, step++) target[step] = integers[k];
                foreach (sbyte integer in integers) sum += integer;
            }
            (scales[column], sums[column]) = (scale, sum);
        }
    }
}
