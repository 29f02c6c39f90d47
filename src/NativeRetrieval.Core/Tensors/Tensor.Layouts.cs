using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Core.Tensors;

// The order of the elements in memory.
public sealed partial class Tensor
{
    /// <summary>
    /// Puts the elements into the device's layout of filters, in their own memory; no other tensor over that memory may be in use. For
    /// weights [O, I] of linear layers that are evaluated again and again.
    /// </summary>
    /// <returns>
    /// False where nothing was done: the device has no such layout for them, they are no contiguous float32, O is no multiple of 16, a file
    /// holds them, or they were freed.
    /// </returns>
    public bool TryArrange()
    {
        var layout = Device.Filters;
        if (_disposed || layout != Layout.OIHW16o || Layout != Layout.Contiguous || DType != DType.Float32 || Shape.Length != 2
            || InFile is not null || StoredElements(Shape, layout) != Count)
            return false;
        using var plain = Share();
        Layout = layout;
        Arrange(plain);
        return true;
    }

    /// <summary>Overwrites all elements with those that <paramref name="fill"/> writes to a row-major tensor like this.</summary>
    internal void Overwrite(Action<Tensor> fill)
    {
        if (Layout == Layout.Contiguous)
        {
            fill(this);
            return;
        }
        using var plain = RowMajor();
        fill(plain);
        Arrange(plain);
    }

    /// <summary>A row-major tensor to arrange: this one's own memory where all of it is rearranged block by block, else new.</summary>
    Tensor RowMajor()
    {
        if (Layout != Layout.OIHW16o || StoredCount != Count) return Empty(Shape, Device, DType);
        _storage.Share();
        return new(_storage, _offset, Shape, DType, Layout.Contiguous);
    }

    /// <summary>Takes the values of a row-major tensor into this one's layout.</summary>
    void Arrange(Tensor plain)
    {
        Backend.ToLayout(plain, this);
        Version++;
    }

    internal void RequireContiguous(string op)
    {
        if (Layout != Layout.Contiguous) throw new ShapeException($"{op}: {Describe()} must be contiguous; convert it by Op.ToLayout");
    }

    static long StoredElements(Shape shape, Layout layout)
    {
        if (layout == Layout.Contiguous) return shape.Count;
        if (layout == Layout.OIHW16o && shape.Length is 2 or 4)
            return checked((shape[0] + 15L) / 16 * 16 * shape[1..].Count);
        if (shape.Length != 4) throw new ShapeException($"layout {layout} has four axes, as [N, C, H, W], got {shape}");
        if (layout == Layout.NHWC) return shape.Count;
        return checked((long)shape[0] * ((shape[1] + 15) / 16 * 16) * shape[2] * shape[3]);
    }
}
