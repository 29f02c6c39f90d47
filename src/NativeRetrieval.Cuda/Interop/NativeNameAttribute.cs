namespace NativeRetrieval.Cuda.Interop;

/// <summary>The C name of a bound type, enumerator or field; the binding tests look it up in what NVIDIA's headers say.</summary>
[AttributeUsage(AttributeTargets.Enum | AttributeTargets.Struct | AttributeTargets.Class | AttributeTargets.Field)]
internal sealed class NativeNameAttribute(string name) : Attribute
{
    public string Name => name;
}
