using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>Recorded work as nodes; an executable form is made of it.</summary>
[NativeName("CUgraph")]
internal sealed class GraphHandle(nint value, CudaContext context, bool owns = true) : ContextBoundHandle(value, context, owns)
{
    protected override bool Destroy() => cuGraphDestroy(handle) == DriverResult.Success;
}

/// <summary>Recorded work that can be launched; it does not need the nodes any more.</summary>
[NativeName("CUgraphExec")]
internal sealed class GraphExecutableHandle(nint value, CudaContext context, bool owns = true) : ContextBoundHandle(value, context, owns)
{
    protected override bool Destroy() => cuGraphExecDestroy(handle) == DriverResult.Success;
}
