namespace NativeRetrieval.OpCases.Cases;

sealed class MaxPool2dCase() : Pool2dCase(nameof(Core.Ops.Op.MaxPool2d), Core.Ops.Op.MaxPool2d, Enumerable.Max, featureMap: false,
    needsInput: true);

sealed class MaxPool2dBlockedCase() : Pool2dCase(nameof(Core.Ops.Op.MaxPool2d), Core.Ops.Op.MaxPool2d, Enumerable.Max, featureMap: true,
    needsInput: true);
