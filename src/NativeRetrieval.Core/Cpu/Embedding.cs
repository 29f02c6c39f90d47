using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void Embedding(Tensor table, Tensor ids, Tensor y)
    {
        var indices = ids.Span<int>();
        for (int i = 0; i < indices.Length; i++)
            if ((uint)indices[i] >= (uint)table.Shape[0])
                throw new ShapeException($"Embedding: id {indices[i]} at position {i} is outside the table of {table.Shape[0]} rows");
        if (table.InFile is (var rows, var offset))
            rows.Read(offset, indices, new Span<byte>(y.Device.HostPointer(y.Address), checked((int)y.SizeBytes)));
        else if (table.DType == DType.Float32) Embedding<float>(table, ids, y);
        else Embedding<double>(table, ids, y);
    }

    static void Embedding<T>(Tensor table, Tensor ids, Tensor y) where T : unmanaged
    {
        RowSlices.Run((int)ids.Count, table.Shape[1], (table, ids, y), static (s, first, end) =>
        {
            int width = s.table.Shape[1];
            T* rows = s.table.Pointer<T>(), target = s.y.Pointer<T>();
            int* index = s.ids.Pointer<int>();
            for (long i = first; i < end; i++)
                new Span<T>(rows + (long)index[i] * width, width).CopyTo(new Span<T>(target + i * width, width));
        });
    }

    public void EmbeddingBackward(Tensor dy, Tensor ids, Tensor dTable)
    {
        if (dy.DType == DType.Float32) EmbeddingBackward<float>(dy, ids, dTable);
        else EmbeddingBackward<double>(dy, ids, dTable);
    }

    static void EmbeddingBackward<T>(Tensor dy, Tensor ids, Tensor dTable) where T : unmanaged, IFloatingPointIeee754<T>
    {
        // Columns are shared out, not ids: two threads never add to one element, and the order of additions is that of the ids.
        RowSlices.RunColumns(dTable.Shape[1], (dy, ids, dTable), static (s, first, end) =>
        {
            int width = s.dTable.Shape[1];
            long count = s.ids.Count;
            T* upstream = s.dy.Pointer<T>(), rows = s.dTable.Pointer<T>();
            int* index = s.ids.Pointer<int>();
            for (long i = 0; i < count; i++)
                RowMath.Add(upstream + i * width + first, rows + (long)index[i] * width + first, end - first);
        });
    }
}
