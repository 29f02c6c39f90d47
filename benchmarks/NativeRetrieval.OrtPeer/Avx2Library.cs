using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace NativeRetrieval.OrtPeer;

/// <summary>
/// ONNX Runtime without AVX-512, which it has no setting for: a copy of its library in which the system, asked by <c>xgetbv</c> which
/// registers it keeps, answers with those of AVX alone. So one machine compares both sides as a machine without AVX-512 would.
/// </summary>
internal static class Avx2Library
{
    /// <summary>True where .NET, and with it our side, is told to do without AVX-512.</summary>
    public static bool IsAskedFor => Environment.GetEnvironmentVariable("DOTNET_EnableAVX512") is "0" or "0x0";

    /// <summary>Makes the copy where it is not there yet and has ONNX Runtime's binding load it.</summary>
    /// <exception cref="InvalidOperationException">The library never asks in the instructions that are looked for.</exception>
    public static void Use()
    {
        string original = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libonnxruntime.so");
        string copy = Path.Combine(Path.GetDirectoryName(original)!, "libonnxruntime-avx2.so");
        byte[] image = File.ReadAllBytes(original);
        if (Answer(image) == 0)
            throw new InvalidOperationException($"{original} never asks which registers the system keeps; AVX-512 cannot be hidden");
        File.WriteAllBytes(copy, image);
        NativeLibrary.SetDllImportResolver(typeof(InferenceSession).Assembly,
            (name, _, _) => name.StartsWith("onnxruntime", StringComparison.Ordinal) ? NativeLibrary.Load(copy) : 0);
    }

    /// <summary>Answers every question in a library's image.</summary>
    /// <returns>The number of questions.</returns>
    static int Answer(Span<byte> image)
    {
        // xor ecx, ecx; xgetbv: the question. mov al, 7; nop: x87, SSE and AVX.
        ReadOnlySpan<byte> question = [0x31, 0xC9, 0x0F, 0x01, 0xD0], answer = [0x31, 0xC9, 0xB0, 0x07, 0x90];
        int places = 0;
        for (int at; (at = image.IndexOf(question)) >= 0; places++)
        {
            answer.CopyTo(image[at..]);
            image = image[at..];
        }
        return places;
    }
}
