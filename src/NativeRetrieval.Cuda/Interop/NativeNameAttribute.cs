namespace NativeRetrieval.Cuda.Interop;

/// <summary>The C name of a bound type, enumerator or field, which the binding tests look up in the names of NVIDIA's headers.</summary>
/// <param name="name">In a generic struct, <c>{0}</c> stands for the C name of its type argument without <c>_t</c>.</param>
[AttributeUsage(AttributeTargets.Enum | AttributeTargets.Struct | AttributeTargets.Class | AttributeTargets.Field)]
internal sealed class NativeNameAttribute(string name) : Attribute
{
    public string Name => name;
}

/// <summary>
/// The mark of a function that some supported library versions lack: its callers expect <see cref="EntryPointNotFoundException"/>.
/// </summary>
/// <param name="since">The first CUDA version that has it.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OptionalExportAttribute(string since) : Attribute
{
    public string Since => since;
}
