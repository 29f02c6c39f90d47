using System.Reflection;
using System.Reflection.Emit;

namespace NativeRetrieval.Cuda.Tests.Uncalled;

/// <summary>
/// The methods of an assembly that its code can reach, read from its IL: calls, pointers to methods, and the overrides of every type
/// that is constructed.
/// </summary>
internal sealed class CallGraph
{
    const BindingFlags All =
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    static readonly Dictionary<short, OpCode> _opCodes =
        typeof(OpCodes).GetFields().Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    readonly HashSet<MethodBase> _reached = [];
    readonly Stack<MethodBase> _open = new();

    /// <param name="isRoot">True of types whose methods all count as called.</param>
    public CallGraph(IEnumerable<Type> types, Func<Type, bool> isRoot)
    {
        foreach (var type in types.Where(isRoot))
            foreach (var method in MethodsOf(type)) Reach(method);
        while (_open.TryPop(out var method))
            foreach (var called in CalledBy(method)) Reach(called);
    }

    /// <summary>True of a method that some root calls, over any number of steps.</summary>
    public bool Reaches(MethodBase method) => _reached.Contains(method);

    void Reach(MethodBase called)
    {
        var method = Definition(called);
        if (!_reached.Add(method)) return;
        _open.Push(method);
        if (method is not ConstructorInfo) return;
        foreach (var other in method.DeclaringType!.GetMethods(All).Where(other => other.IsVirtual)) Reach(other);
    }

    /// <summary>The method as its class declares it: of a generic one without its type arguments.</summary>
    static MethodBase Definition(MethodBase method) => method.Module.ResolveMethod(method.MetadataToken)!;

    static IEnumerable<MethodBase> MethodsOf(Type type) => type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All));

    static IEnumerable<MethodBase> CalledBy(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code) yield break;
        var typeArguments = method.DeclaringType!.GetGenericArguments();
        var arguments = method.IsGenericMethod ? method.GetGenericArguments() : [];
        for (int at = 0; at < code.Length;)
        {
            var opCode = _opCodes[code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at]];
            at += opCode.Size;
            if (opCode.OperandType == OperandType.InlineMethod)
            {
                var called = method.Module.ResolveMethod(BitConverter.ToInt32(code, at), typeArguments, arguments)!;
                if (called.Module == method.Module) yield return called;
            }
            at += SizeOfOperand(opCode.OperandType, code, at);
        }
    }

    static int SizeOfOperand(OperandType type, byte[] code, int at) => type switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
        _ => 4,
    };
}
