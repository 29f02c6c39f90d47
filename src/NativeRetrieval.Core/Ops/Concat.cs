using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// The rows of all parts one below another: [Σ Nᵢ, …] from tensors [Nᵢ, …]. Parts that lie so in memory already, as
    /// <see cref="Tensor.Split"/> leaves them, are not copied: the result shares their memory. Weights of linear layers may have been put
    /// into the layout of filters before (<see cref="Tensor.TryArrange"/>).
    /// </summary>
    /// <exception cref="ShapeException">No parts, or parts that differ behind the first axis.</exception>
    public static Tensor Concat(params ReadOnlySpan<Tensor> parts)
    {
        if (parts.IsEmpty) throw new ShapeException("Concat: at least one tensor is needed");
        int rows = 0;
        bool recorded = false;
        foreach (var part in parts)
        {
            if (!IsWholePanels(parts[0])) Expect.Contiguous(part);
            else if (!IsWholePanels(part)) Expect.Contiguous(parts[0]);
            Expect.Alike(part, parts[0]);
            if (part.Shape.Length == 0 || part.Shape[1..] != parts[0].Shape[1..])
                throw new ShapeException($"Concat: parts must agree behind the first axis, got {parts[0].Shape} and {part.Shape}");
            rows = checked(rows + part.Shape[0]);
            recorded |= Tape.Follows(part);
        }
        var shape = parts[0].Shape.WithFirst(rows);
        var y = Tensor.TryJoin(parts, shape) ?? Copied(parts, shape);
        if (!recorded) return y;
        var counts = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++) counts[i] = parts[i].Shape[0];
        return Tape.Record(y, parts, [], counts, static ctx =>
        {
            var counts = ctx.State<int[]>();
            // Parameters keep their gradients: equal parts of memory that is nobody else's need no copies.
            if (ctx.OutputGradient.IsExclusive && counts.All(count => count == counts[0])) return ctx.OutputGradient.Split(counts.Length);
            var gradients = new Tensor?[counts.Length];
            for (int i = 0, row = 0; i < counts.Length; row += counts[i++])
                if (ctx.Wants(i)) gradients[i] = ctx.OutputGradient.Rows(row, counts[i]);
            return gradients;
        });
    }

    /// <summary>True for a linear layer's weight in panels none of which has room left: they may follow one another.</summary>
    static bool IsWholePanels(Tensor part) =>
        part.Layout == Layout.OIHW16o && part.Shape.Length == 2 && part.StoredCount == part.Count && !Tape.Follows(part);

    static Tensor Copied(ReadOnlySpan<Tensor> parts, Shape shape)
    {
        var y = Tensor.Empty(shape, parts[0].Device, parts[0].DType, parts[0].Layout);
        long offset = 0;
        foreach (var part in parts)
        {
            y.Device.Copy(part.Address, y.Address + (nint)offset, part.SizeBytes);
            offset += part.SizeBytes;
        }
        return y;
    }
}
