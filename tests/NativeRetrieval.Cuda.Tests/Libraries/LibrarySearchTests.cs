using NativeRetrieval.Cuda.Interop.Libraries;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cuda.Tests.Libraries;

/// <summary>The places of libraries and the choice among them. The files are empty, and the loader is told what they are.</summary>
public sealed class LibrarySearchTests : IDisposable
{
    static readonly LibraryVersion _cuda12 = new(new(12, 4), new(12, 4));

    readonly TemporaryFolder _folder = new();
    readonly FakeLoader _loader = new();
    readonly Dictionary<string, string> _variables = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_that_the_user_names_comes_first_and_its_companion_is_loaded_before_it()
    {
        _variables[SearchPlaces.PathVariable] = Files("mine", "libnvrtc.so.12", "libnvrtc-builtins.so.12.4",
            "libnvrtc-builtins.so.12.4.127", "libnvrtc.alt.so.12");
        _variables["CUDA_HOME"] = Folder("toolkit");
        Files("toolkit/lib64", "libnvrtc.so.13", "libnvrtc-builtins.so.13.0");
        _loader.Versions["mine"] = _cuda12;
        var found = Search(LibraryFamily.Nvrtc);
        Assert.Equal(_folder["mine/libnvrtc.so.12"], found.Path);
        Assert.Equal([_folder["mine/libnvrtc-builtins.so.12.4"], _folder["mine/libnvrtc.so.12"]], _loader.Loaded);
        Assert.Single(found.Attempts);
    }

    [Fact]
    public void Within_a_folder_the_newest_version_that_the_driver_can_run_is_taken()
    {
        _variables["CUDA_PATH"] = Folder("toolkit");
        Files("toolkit/lib64", "libcublas.so.12", "libcublasLt.so.12", "libcublas.so.13", "libcublasLt.so.13");
        _loader.Versions["libcublas.so.13"] = new(new(13, 4, 1), new(13, 0));
        _loader.Versions["libcublas.so.12"] = new(new(12, 8, 4), new(12, 0));
        Assert.Equal(_folder["toolkit/lib64/libcublas.so.13"], Search(LibraryFamily.Cublas, driver: new(13, 0)).Path);
        var found = Search(LibraryFamily.Cublas, driver: new(12, 4));
        Assert.Equal(_folder["toolkit/lib64/libcublas.so.12"], found.Path);
        Assert.Contains("is for CUDA 13, but the driver knows CUDA 12.4", found.Attempts[0].Problem);
        Assert.Contains(_folder["toolkit/lib64/libcublasLt.so.13"], _loader.Freed);
    }

    [Theory]
    [InlineData("VIRTUAL_ENV", "lib/python3.12/site-packages/nvidia/cu13/lib", "libnvrtc.so.13", "libnvrtc-builtins.so.13.0")]
    [InlineData("VIRTUAL_ENV", "lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib", "libnvrtc.so.12", "libnvrtc-builtins.so.12.8")]
    [InlineData("CONDA_PREFIX", "lib/python3.10/site-packages/nvidia/cuda_nvrtc/lib", "libnvrtc.so.12", "libnvrtc-builtins.so.12.8")]
    [InlineData("CONDA_PREFIX", "lib", "libnvrtc.so.11.2", "libnvrtc-builtins.so.11.8")]
    [InlineData("CUDA_HOME", "lib64", "libnvrtc.so.11.2", "libnvrtc-builtins.so.11.8")]
    public void Toolkits_wheels_and_conda_are_known(string variable, string layout, string library, string companion)
    {
        _variables[variable] = Folder("prefix");
        Files($"prefix/{layout}", library, companion);
        _loader.Versions["prefix"] = _cuda12;
        var found = Search(LibraryFamily.Nvrtc);
        Assert.Equal(_folder[$"prefix/{layout}/{library}"], found.Path);
        Assert.Equal(variable, found.Attempts[^1].Origin);
    }

    [Fact]
    public void Python_on_the_path_is_followed_through_its_link()
    {
        Files("real/bin", "python3.11");
        Files("real/lib/python3.11/site-packages/nvidia/cudnn/lib", "libcudnn.so.9", "libcudnn_graph.so.9", "libcudnn_ops.so.9",
            "libcudnn_cnn.so.9");
        Folder("shims");
        File.CreateSymbolicLink(_folder["shims/python3"], _folder["real/bin/python3.11"]);
        _variables["PATH"] = $"{_folder["nowhere"]}{Path.PathSeparator}{_folder["shims"]}";
        _loader.Versions["cudnn"] = new(new(9, 10, 2), new(12, 8));
        var found = Search(LibraryFamily.Cudnn);
        Assert.Equal(_folder["real/lib/python3.11/site-packages/nvidia/cudnn/lib/libcudnn.so.9"], found.Path);
        Assert.Equal(["libcudnn_graph.so.9", "libcudnn_ops.so.9", "libcudnn_cnn.so.9", "libcudnn.so.9"],
            _loader.Loaded.Select(Path.GetFileName));
    }

    [Fact]
    public void Of_several_toolkits_the_one_that_cuda_points_at_comes_first_then_the_newest()
    {
        foreach (string toolkit in (string[])["cuda-11.8", "cuda-12.10", "cuda-12.9", "cuda"]) Folder($"usr/{toolkit}/lib64");
        Assert.Equal(["cuda", "cuda-12.10", "cuda-12.9", "cuda-11.8"],
            SearchPlaces.For(LibraryFamily.Nvrtc, Environment() with { ToolkitRoot = _folder["usr"] })
                .Select(place => Path.GetFileName(place.Origin)));
    }

    [Fact]
    public void The_driver_is_not_looked_for_in_toolkits_which_hold_a_stub()
    {
        _variables["CUDA_HOME"] = Folder("toolkit");
        Files("toolkit/lib64", "libcuda.so.1");
        Assert.False(Search(LibraryFamily.Driver).IsFound);
    }

    [Fact]
    public void Already_loaded_counts_before_the_system_path()
    {
        _loader.ByName["libcuda.so.1"] = "/opt/host/libcuda.so.1";
        _loader.TryLoad("libcuda.so.1", out _, out _);
        _loader.Versions["host"] = _cuda12;
        var found = LibrarySearch.Run(LibraryFamily.Driver, Environment() with { AskSystem = true }, _loader);
        Assert.Equal("/opt/host/libcuda.so.1", found.Path);
        Assert.Equal(SearchPlaces.AlreadyLoaded, found.Attempts[^1].Origin);
    }

    [Fact]
    public void Found_by_name_the_path_is_told_and_companions_must_lie_beside_it()
    {
        _loader.ByName["libcublas.so.12"] = "/usr/lib/a/libcublas.so.12";
        _loader.ByName["libcublasLt.so.12"] = "/usr/lib/b/libcublasLt.so.12";
        _loader.Versions["libcublas"] = new(new(12, 8, 4), new(12, 0));
        var mixed = LibrarySearch.Run(LibraryFamily.Cublas, Environment() with { AskSystem = true }, _loader);
        Assert.False(mixed.IsFound);
        Assert.Contains("another folder", mixed.Problem);

        var loader = new FakeLoader { Versions = { ["libcublas"] = new(new(12, 8, 4), new(12, 0)) } };
        loader.ByName["libcublas.so.12"] = "/usr/lib/a/libcublas.so.12";
        loader.ByName["libcublasLt.so.12"] = "/usr/lib/a/libcublasLt.so.12";
        var found = LibrarySearch.Run(LibraryFamily.Cublas, Environment() with { AskSystem = true }, loader);
        Assert.Equal("/usr/lib/a/libcublas.so.12", found.Path);
        Assert.Equal(["libcublasLt"], found.Companions.Keys);
    }

    [Fact]
    public void A_missing_companion_a_broken_file_a_foreign_one_and_an_old_one_are_refused_with_the_reason()
    {
        string[] names = ["lonely", "broken", "foreign", "old", "mute"];
        foreach (string name in names) Files(name, "libnvrtc.so.12");
        foreach (string name in names[1..]) Files(name, "libnvrtc-builtins.so.12.4");
        _loader.Broken["broken/libnvrtc.so"] = "invalid ELF header";
        _loader.Lacking["foreign"] = "nvrtcCompileProgram";
        _loader.Versions["old"] = new(new(11, 2), new(11, 2));
        _variables[SearchPlaces.PathVariable] = string.Join(Path.PathSeparator, names.Select(name => _folder[name]));
        var result = Search(LibraryFamily.Nvrtc);
        Assert.False(result.IsFound);
        Assert.Equal(names.Select(name => _folder[name] + "/libnvrtc.so.12"), result.Attempts.Select(attempt => attempt.File));
        string[] reasons =
        [
            "libnvrtc-builtins.so.12.* is not beside it", "invalid ELF header", "no function nvrtcCompileProgram",
            "version 11.2 is too old; 11.8", "does not tell its version",
        ];
        Assert.All(reasons.Zip(result.Attempts), item => Assert.Contains(item.First, item.Second.Problem));
        Assert.All(reasons, reason => Assert.Contains(reason, result.Problem));
        Assert.Contains("apt-get install libnvrtc12", result.Problem);
        Assert.Contains(_folder["old/libnvrtc.so.12"], _loader.Freed);
    }

    [Fact]
    public void Nothing_anywhere_says_what_is_missing_and_what_to_do()
    {
        var result = Search(LibraryFamily.Driver);
        Assert.Contains("libcuda.so.1", result.Problem);
        Assert.Contains("install the NVIDIA driver", result.Problem);
        Assert.Contains(SearchPlaces.PathVariable, result.Problem);
    }

    LibrarySearchResult Search(LibraryFamily family, Version? driver = null) => LibrarySearch.Run(family, Environment(), _loader, driver);

    SearchEnvironment Environment() =>
        new() { Variable = name => _variables.GetValueOrDefault(name), ToolkitRoot = _folder["no-toolkits"], AskSystem = false };

    string Folder(string path) => Directory.CreateDirectory(_folder[path]).FullName;

    string Files(string path, params string[] names)
    {
        string folder = Folder(path);
        foreach (string name in names) File.WriteAllText(Path.Combine(folder, name), "");
        return folder;
    }
}
