using System.Numerics;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu.FeatureMaps;

/// <summary>The reference: planes of rows of pixels of 1 (contiguous) or 16 (blocked) lanes, window by window.</summary>
internal readonly unsafe struct Pool2dWindows<T>(Tensor large, Tensor small, int height, int width) where T : unmanaged, INumber<T>
{
    readonly int _lanes = large.Layout == Layout.NCHW16c ? CpuBackend.ChannelBlock : 1;
    readonly int _planes = large.Shape[0]
        * (large.Layout == Layout.NCHW16c ? (large.Shape[1] + CpuBackend.ChannelBlock - 1) / CpuBackend.ChannelBlock : large.Shape[1]);
    readonly int _largeHeight = large.Shape[2], _largeWidth = large.Shape[3];
    readonly int _smallHeight = small.Shape[2], _smallWidth = small.Shape[3];

    public void Average(Tensor x, FrameMap map, Tensor y)
    {
        T* source = x.Pointer<T>(), target = y.Pointer<T>();
        var (self, h, w) = (this, height, width);
        T factor = T.One / T.CreateTruncating(h * w);
        y.Device.Clear(y.Address, y.SizeBytes);
        Workers.Run(_planes, plane => self.ForEach(plane, self.Rows(plane, map), (small, large) =>
        {
            T sum = T.Zero;
            for (int i = 0; i < h; i++)
                for (int j = 0; j < w; j++) sum += source[large + self.Offset(i, j)];
            target[small] = sum * factor;
        }));
    }

    public void AverageBackward(Tensor dy, FrameMap map, Tensor dx)
    {
        T* source = dy.Pointer<T>(), target = dx.Pointer<T>();
        var (self, h, w) = (this, height, width);
        T factor = T.One / T.CreateTruncating(h * w);
        dx.Device.Clear(dx.Address, dx.SizeBytes);
        Workers.Run(_planes, plane => self.ForEach(plane, self.Rows(plane, map), (small, large) =>
        {
            for (int i = 0; i < h; i++)
                for (int j = 0; j < w; j++) target[large + self.Offset(i, j)] = source[small] * factor;
        }));
    }

    public void Maximum(Tensor x, Tensor y)
    {
        T* source = x.Pointer<T>(), target = y.Pointer<T>();
        var self = this;
        Workers.Run(_planes, plane => self.ForEach(plane, self._smallHeight, (small, large) =>
            target[small] = source[self.Largest(source, large)]));
    }

    public void MaximumBackward(Tensor dy, Tensor x, Tensor dx)
    {
        T* gradient = dy.Pointer<T>(), source = x.Pointer<T>(), target = dx.Pointer<T>();
        var self = this;
        dx.Device.Clear(dx.Address, dx.SizeBytes);
        Workers.Run(_planes, plane => self.ForEach(plane, self._smallHeight, (small, large) =>
            target[self.Largest(source, large)] = gradient[small]));
    }

    long Largest(T* source, long large)
    {
        long best = large;
        for (int i = 0; i < height; i++)
            for (int j = 0; j < width; j++)
            {
                long at = large + Offset(i, j);
                if (source[at] > source[best] || T.IsNaN(source[at])) best = at;
            }
        return best;
    }

    long Offset(int row, int column) => ((long)row * _largeWidth + column) * _lanes;

    /// <summary>Rows of windows that lie within a clip's own frames.</summary>
    int Rows(int plane, FrameMap map) => map.Frames(plane / (_planes / map.Clips)) / height;

    void ForEach(int plane, int rows, Action<long, long> window)
    {
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < _smallWidth; c++)
                for (int lane = 0; lane < _lanes; lane++)
                    window((((long)plane * _smallHeight + r) * _smallWidth + c) * _lanes + lane,
                        (((long)plane * _largeHeight + r * height) * _largeWidth + c * width) * _lanes + lane);
    }
}
