using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace NativeRetrieval.Benchmarks.Peers;

/// <summary>
/// LibTorch's binding is built against a newer C++ library than some systems have (GCC 13; Debian 12 has 12). All that it takes of the
/// newer one is an empty function that the older one lacks. In the copy that lies beside the peer the requirement is marked weak, which the
/// loader passes over, and a library of that one function is loaded before.
/// </summary>
internal static class NewerLibrary
{
    const string Binding = "libLibTorchSharp.so", Needed = "GLIBCXX_3.4.32", Function = "_ZSt21ios_base_library_initv";

    /// <param name="folder">The peer's folder.</param>
    /// <param name="preload">The library to load before all others; null: none is needed.</param>
    /// <returns>The reason why the binding cannot be loaded here, or null.</returns>
    public static string? Prepare(string folder, out string? preload)
    {
        preload = null;
        if (!OperatingSystem.IsLinux() || SystemHas(Needed)) return null;
        string? binding = Directory.EnumerateFiles(folder, Binding, SearchOption.AllDirectories).FirstOrDefault();
        if (binding is null) return $"{Binding} is not in {folder}";
        byte[] image = File.ReadAllBytes(binding);
        if (ElfVersions.MarkWeak(image, Needed) > 0)
        {
            // A new file: the old one may be a link into a package.
            File.Delete(binding);
            File.WriteAllBytes(binding, image);
        }
        preload = Path.Combine(folder, "libios-base-init.so");
        return File.Exists(preload) ? null : Compile(preload);
    }

    static bool SystemHas(string version)
    {
        if (!NativeLibrary.TryLoad("libstdc++.so.6", out nint library)) return false;
        NativeLibrary.Free(library);
        string? line = File.ReadLines("/proc/self/maps").FirstOrDefault(text => text.Contains("libstdc++.so.6"));
        return line is not null && File.ReadAllBytes(line[line.IndexOf('/')..]).AsSpan().IndexOf(Encoding.ASCII.GetBytes(version)) >= 0;
    }

    static string? Compile(string library)
    {
        var start = new ProcessStartInfo("cc", ["-shared", "-fPIC", "-x", "c", "-o", library, "-"]) { RedirectStandardInput = true };
        try
        {
            using var compiler = Process.Start(start)!;
            compiler.StandardInput.WriteLine($"void {Function}(void) {{}}");
            compiler.StandardInput.Close();
            compiler.WaitForExit();
            return compiler.ExitCode == 0 ? null : $"cc could not build {library}; its message is above";
        }
        catch (Win32Exception)
        {
            return $"libstdc++ has no {Needed}, and without a C compiler (cc) the function that it lacks cannot be added";
        }
    }
}
