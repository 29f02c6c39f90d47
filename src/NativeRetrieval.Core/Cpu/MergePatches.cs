using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void MergePatches(Tensor x, Tensor y) => CopyNeighbours(x, y, merge: true);

    public void MergePatchesBackward(Tensor dy, Tensor dx) => CopyNeighbours(dx, dy, merge: false);

    /// <param name="grid">[N, H, W, C].</param>
    /// <param name="merged">[N, H/2, W/2, 4·C].</param>
    static void CopyNeighbours(Tensor grid, Tensor merged, bool merge)
    {
        int count = merged.Shape[0] * merged.Shape[1] * merged.Shape[2];
        RowSlices.Run(count, merged.Shape[3], (grid, merged, merge), static (s, first, end) =>
        {
            int width = s.grid.Shape[2], half = width / 2, channels = s.grid.Shape[3] * s.grid.DType.SizeBytes();
            byte* tokens = (byte*)s.grid.Address, groups = (byte*)s.merged.Address;
            for (long group = first; group < end; group++)
            {
                // Rows of the grid follow one another from clip to clip, two for each row of groups.
                byte* token = tokens + (group / half * 2 * width + group % half * 2) * channels, place = groups + group * 4 * channels;
                for (int part = 0; part < 4; part++)
                {
                    byte* one = token + (part % 2 * (long)width + part / 2) * channels, other = place + part * (long)channels;
                    if (s.merge) Buffer.MemoryCopy(one, other, channels, channels);
                    else Buffer.MemoryCopy(other, one, channels, channels);
                }
            }
        });
    }
}
