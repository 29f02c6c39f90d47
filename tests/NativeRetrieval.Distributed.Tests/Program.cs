using NativeRetrieval.Distributed.Tests;

if (args is [RankHost.Argument, var rank, var worldSize, var file]) return RankHost.Run(int.Parse(rank), int.Parse(worldSize), file);

return args.Any(arg => arg is "--server" or "--internal-msbuild-node")
    ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
