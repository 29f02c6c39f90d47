using CudaHost;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Runtime;

const int rows = 5, columns = 64;

// The host's own: a context, a stream, and a matrix and room for its scores in the GPU's memory.
CUcontext context = Driver.RetainPrimaryContext(0);
CUstream stream = Driver.NewStream();
CUdeviceptr matrix = Driver.Allocate(rows * columns), scores = Driver.Allocate(rows);
float[] values = [.. Enumerable.Range(0, rows * columns).Select(i => i * 37 % 64 - 31.5f + i / 64)];
Upload(values);
Score();
// A host that keeps the device waits on its own stream alone; here the device ended with Score, and waited for its work.
foreach (var (row, score) in Driver.Download(scores, rows, stream).Index())
    Console.WriteLine(FormattableString.Invariant($"row {row}: {score:F4}"));
Driver.Free(scores);
Driver.Free(matrix);
Driver.Destroy(stream);
Driver.ReleasePrimaryContext(0);

unsafe void Upload(float[] from)
{
    // Pageable memory: the driver has read it when the call returns.
    fixed (float* first = from) Driver.Upload(first, matrix, from.Length, stream);
}

// The cosine of each row of the matrix and its first row.
void Score()
{
    // <borrow>
    using var host = CudaContext.Borrow(context.Pointer, ordinal: 0);
    using var gpu = CudaDevice.Borrow(host, stream.Pointer);
    using var step = TensorScope.Begin();
    var units = Op.L2Normalize(gpu.Wrap(matrix.Pointer, [rows, columns]));      // float32, row-major
    var cosines = Op.MatMul(units, units.Rows(0, 1), transposeB: true);         // [rows, 1]
    gpu.Wrap(scores.Pointer, [rows, 1]).CopyFrom(cosines);                      // queued, into the host's memory
    // </borrow>
}
