using NativeRetrieval.Cuda.Interop.Libraries;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cuda.Tests.Libraries;

/// <summary>The real loader on files that are not what their name says.</summary>
public sealed class SystemLoaderTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_text_file_named_libcuda_is_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the loader under test is Linux's");
        File.WriteAllText(_folder["libcuda.so.1"], "not a library");
        var result = Search();
        Assert.False(result.IsFound);
        Assert.Matches("file too short|invalid ELF header", result.Problem);
    }

    [Fact]
    public void A_library_of_another_kind_named_libcuda_is_refused()
    {
        string? other = LibraryOfTheRuntime();
        Assert.SkipWhen(other is null, "no library to stand in");
        File.Copy(other, _folder["libcuda.so.1"]);
        Assert.Contains("no function cuInit", Search().Problem);
    }

    [Fact]
    public void A_loaded_library_is_found_with_its_path()
    {
        string? library = LibraryOfTheRuntime();
        Assert.SkipWhen(library is null, "no library to look for");
        Assert.Equal(library, new SystemLoader().LoadedPath(Path.GetFileName(library)));
        Assert.Null(new SystemLoader().LoadedPath("libnothing.so.7"));
    }

    LibrarySearchResult Search() => LibrarySearch.Run(LibraryFamily.Driver,
        new() { Variable = name => name == SearchPlaces.PathVariable ? _folder.FullPath : null, AskSystem = false }, new SystemLoader());

    /// <summary>A shared library that every .NET process has loaded.</summary>
    static string? LibraryOfTheRuntime() =>
        !File.Exists("/proc/self/maps") ? null
        : File.ReadLines("/proc/self/maps").Where(line => line.EndsWith("/libSystem.Native.so", StringComparison.Ordinal))
            .Select(line => line[line.IndexOf('/')..]).FirstOrDefault();
}
